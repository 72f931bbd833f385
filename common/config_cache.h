#pragma once

#include <list>
#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"

namespace campaign {

// The compiled forms of the configurations used last, by content hash. Thread-safe.
template <class Compiled>
class ConfigCache {
 public:
  explicit ConfigCache(size_t capacity = 64) : capacity_(capacity) {}

  // The compiled form for `version`; made by `compile()` (absl::StatusOr<Compiled>) the first time. Errors are not
  // kept.
  template <class Compile>
  absl::StatusOr<std::shared_ptr<const Compiled>> Get(const std::string& version, Compile compile) {
    {
      absl::MutexLock lock(&mutex_);
      if (auto it = index_.find(version); it != index_.end()) {
        entries_.splice(entries_.begin(), entries_, it->second);
        return it->second->second;
      }
    }
    // Compiled outside the lock: two callers may both do it once, none waits for another's version.
    absl::StatusOr<Compiled> compiled = compile();
    if (!compiled.ok()) return compiled.status();
    auto shared = std::make_shared<const Compiled>(*std::move(compiled));
    absl::MutexLock lock(&mutex_);
    if (index_.contains(version)) return shared;
    entries_.emplace_front(version, shared);
    index_[version] = entries_.begin();
    if (entries_.size() > capacity_) {
      index_.erase(entries_.back().first);
      entries_.pop_back();
    }
    return shared;
  }

 private:
  using Entry = std::pair<std::string, std::shared_ptr<const Compiled>>;

  const size_t capacity_;
  absl::Mutex mutex_;
  std::list<Entry> entries_ ABSL_GUARDED_BY(mutex_);  // Newest use first.
  absl::flat_hash_map<std::string, typename std::list<Entry>::iterator> index_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace campaign
