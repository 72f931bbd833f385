#pragma once

#include <array>
#include <atomic>
#include <cstddef>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "services/compliance/suppression.h"

namespace campaign::compliance {

// Says of nearly every target in a tenth of a microsecond that no entry of the suppression list is about it, so that it
// need not be looked up. Never says so of one that has an entry: what is added is known here before it is committed,
// and what is removed stays until the process ends. Until it knows the whole list it says of no target that there is
// none. About 16 bytes an entry. Thread-safe.
class SuppressionFilter {
 public:
  bool MayHold(TargetKind kind, absl::string_view key) const {
    if (!loaded_.load(std::memory_order_acquire)) return true;
    if (!any_[static_cast<size_t>(kind)].load(std::memory_order_acquire)) return false;
    absl::ReaderMutexLock lock(&mutex_);
    return hashes_.contains(HashOf(kind, key));
  }

  void Add(TargetKind kind, absl::string_view key) {
    absl::MutexLock lock(&mutex_);
    hashes_.insert(HashOf(kind, key));
    any_[static_cast<size_t>(kind)].store(true, std::memory_order_release);
  }

  // All entries that were committed before the first Add have been added too.
  void SetLoaded() { loaded_.store(true, std::memory_order_release); }

 private:
  static size_t HashOf(TargetKind kind, absl::string_view key) { return absl::HashOf(static_cast<int>(kind), key); }

  std::atomic<bool> loaded_ = false;
  // By kind: most lists know customers and addresses only.
  std::array<std::atomic<bool>, kTargetKinds> any_{};
  mutable absl::Mutex mutex_;
  absl::flat_hash_set<size_t> hashes_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace campaign::compliance
