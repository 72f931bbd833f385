#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "common/clock.h"
#include "services/delivery/channel_sender.h"

namespace campaign::delivery {

inline constexpr char kSpoolUnwritable[] = "SPOOL_UNWRITABLE";   // The file could not be written; nothing is there.
inline constexpr char kSpoolNotDurable[] = "SPOOL_NOT_DURABLE";  // The file is there, but may be lost in a power cut.

// A file descriptor that is closed with its owner.
class FileHandle {
 public:
  explicit FileHandle(int descriptor = -1) : descriptor_(descriptor) {}
  FileHandle(FileHandle&& other) noexcept : descriptor_(other.descriptor_) { other.descriptor_ = -1; }
  FileHandle& operator=(FileHandle&& other) noexcept;
  ~FileHandle();
  int get() const { return descriptor_; }
  bool ok() const { return descriptor_ >= 0; }

 private:
  int descriptor_;
};

// Where the spool is.
struct SpoolOptions {
  std::string folder;
  // From of every e-mail; its domain is also that of the Message-IDs.
  std::string sender_address;
};

// Writes messages to files for others to pick up: e-mail as "<folder>/email/<YYYY-MM-DD>/<key>.eml", the rest as
// "<folder>/<channel>/<YYYY-MM-DD>/<key>.json"; the day (UTC) is the one that the ledger first heard of it.
// Thread-safe.
//
// A file appears under its name whole and durable or not at all, and is never written twice: a name that exists was
// sent. So whoever picks files up may read or copy them at once, but not remove them on the day they appear in.
class SpoolSender final : public ChannelSender {
 public:
  // INVALID_ARGUMENT: sender_address is no plain address.
  static absl::Status Check(const SpoolOptions& options);

  // Makes the folder and takes it for this process. `clock` must outlive the sender.
  // INVALID_ARGUMENT as Check. FAILED_PRECONDITION: another process owns the folder. INTERNAL: it cannot be made or
  // opened.
  static absl::StatusOr<std::unique_ptr<SpoolSender>> Open(SpoolOptions options, const Clock& clock);

  // Two flushes of the disk a call, however many messages: one before the files get their names, one after.
  std::vector<SendOutcome> Send(absl::Span<const OutgoingMessage> messages) override;
  bool deduplicates() const override { return true; }
  absl::string_view provider() const override { return "spool"; }

 private:
  struct Staged;
  // Open folders of one Send, by path below the spool.
  using Folders = std::map<std::string, FileHandle>;

  SpoolSender(SpoolOptions options, const Clock& clock, FileHandle spool);
  absl::Status Prepare();
  SendOutcome Stage(const OutgoingMessage& message, Folders& folders, Staged& staged) const;
  // Makes what was staged outlive a power failure.
  bool Flush(const std::vector<Staged>& all_staged) const;
  SendOutcome Publish(const Staged& staged) const;
  // The file's content, or why there can be none.
  absl::optional<SendOutcome> Format(const OutgoingMessage& outgoing, std::string& content) const;
  // The open folder, made if need be; null with errno if that cannot be done.
  const FileHandle* OpenFolder(const OutgoingMessage& message, Folders& folders) const;

  const SpoolOptions options_;
  const std::string domain_;
  const Clock& clock_;
  const FileHandle spool_;
  FileHandle unfinished_;  // <folder>/unfinished, where files are written before they get their names.
};

}  // namespace campaign::delivery
