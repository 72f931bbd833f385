#include "services/delivery/spool_sender.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "services/delivery/mime.h"

namespace campaign::delivery {
namespace {

// What is in the spool is personal data.
constexpr mode_t kFolderMode = 0750;
constexpr mode_t kFileMode = 0640;
constexpr char kUnfinished[] = "unfinished";

std::string ErrorText() { return std::generic_category().message(errno); }

SendOutcome Unwritable(absl::string_view doing) {
  return SendOutcome::Retry(kSpoolUnwritable, absl::StrCat("the spool cannot be written: ", doing, ": ", ErrorText()));
}

// A new folder is durable once its parent is flushed.
bool MakeFolder(int parent, const std::string& name) {
  if (mkdirat(parent, name.c_str(), kFolderMode) != 0) return errno == EEXIST;
  return fsync(parent) == 0;
}

FileHandle OpenFolderAt(int parent, const std::string& name) {
  return FileHandle(openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
}

bool WriteAll(int file, absl::string_view content) {
  while (!content.empty()) {
    const ssize_t written = write(file, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    content.remove_prefix(written);
  }
  return true;
}

// Gives the file its name unless another has it. Not all file systems know RENAME_NOREPLACE.
bool MoveWithoutReplacing(int from_folder, const char* from, int to_folder, const char* to) {
  if (renameat2(from_folder, from, to_folder, to, RENAME_NOREPLACE) == 0) return true;
  if (errno != EINVAL && errno != ENOSYS) return false;
  if (linkat(from_folder, from, to_folder, to, 0) != 0) return false;
  unlinkat(from_folder, from, 0);
  return true;
}

// Up to so many files are flushed one by one; for more, one flush of the whole file system, which others may have
// filled, costs less.
constexpr size_t kFlushedOneByOne = 8;

std::string FormatJson(const OutgoingMessage& outgoing) {
  const v1::Message& message = *outgoing.message;
  nlohmann::ordered_json json = {{"idempotency_key", outgoing.idempotency_key},
                                 {"channel", ChannelName(message.channel()).data()},
                                 {"address", message.address()},
                                 {"text", message.text()}};
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) json[name] = value;
  };
  add("title", message.title());
  add("deep_link", message.deep_link());
  add("collapse_key", message.collapse_key());
  add("plain_text", message.plain_text());
  add("locale", message.locale());
  add("template_id", message.template_id());
  return json.dump(/*indent=*/-1, ' ', /*ensure_ascii=*/false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace

FileHandle& FileHandle::operator=(FileHandle&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

FileHandle::~FileHandle() {
  if (descriptor_ >= 0) close(descriptor_);
}

// A file that is written but has no name yet.
struct SpoolSender::Staged {
  size_t index = 0;
  int folder = -1;
  std::string unfinished_name;
  std::string name;
};

absl::Status SpoolSender::Check(const SpoolOptions& options) {
  if (IsMailbox(options.sender_address)) return absl::OkStatus();
  return InvalidField("sender_address", options.sender_address, "is not a plain e-mail address");
}

absl::StatusOr<std::unique_ptr<SpoolSender>> SpoolSender::Open(SpoolOptions options, const Clock& clock) {
  RETURN_IF_ERROR(Check(options));
  std::error_code error;
  std::filesystem::create_directories(options.folder, error);
  FileHandle spool(open(options.folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!spool.ok()) return absl::InternalError(absl::StrCat("cannot open ", options.folder, ": ", ErrorText()));
  if (flock(spool.get(), LOCK_EX | LOCK_NB) != 0) {
    return absl::FailedPreconditionError(absl::StrCat("another process owns the spool ", options.folder));
  }
  auto sender = std::unique_ptr<SpoolSender>(new SpoolSender(std::move(options), clock, std::move(spool)));
  RETURN_IF_ERROR(sender->Prepare());
  return sender;
}

SpoolSender::SpoolSender(SpoolOptions options, const Clock& clock, FileHandle spool)
    : options_(std::move(options)),
      domain_(options_.sender_address.substr(options_.sender_address.rfind('@') + 1)),
      clock_(clock),
      spool_(std::move(spool)) {}

// What a crash left unfinished was never sent and holds personal data: it goes.
absl::Status SpoolSender::Prepare() {
  std::error_code error;
  std::filesystem::remove_all(absl::StrCat(options_.folder, "/", kUnfinished), error);
  if (!error && MakeFolder(spool_.get(), kUnfinished)) unfinished_ = OpenFolderAt(spool_.get(), kUnfinished);
  if (unfinished_.ok()) return absl::OkStatus();
  return absl::InternalError(
      absl::StrCat("cannot write to ", options_.folder, ": ", error ? error.message() : ErrorText()));
}

bool SpoolSender::Flush(const std::vector<Staged>& all_staged) const {
  if (all_staged.size() > kFlushedOneByOne) return syncfs(spool_.get()) == 0;
  return std::all_of(all_staged.begin(), all_staged.end(), [&](const Staged& staged) {
    const FileHandle file(openat(unfinished_.get(), staged.unfinished_name.c_str(), O_WRONLY | O_CLOEXEC));
    return file.ok() && fsync(file.get()) == 0;
  });
}

std::vector<SendOutcome> SpoolSender::Send(absl::Span<const OutgoingMessage> messages) {
  std::vector<SendOutcome> outcomes(messages.size());
  std::vector<Staged> all_staged;
  Folders folders;
  for (size_t i = 0; i < messages.size(); ++i) {
    Staged staged;
    staged.index = i;
    outcomes[i] = Stage(messages[i], folders, staged);
    if (outcomes[i].kind == SendOutcome::Kind::kAccepted) all_staged.push_back(std::move(staged));
  }
  if (all_staged.empty()) return outcomes;
  const bool contents_durable = Flush(all_staged);
  const SendOutcome not_durable = contents_durable ? SendOutcome() : Unwritable("flush");
  for (const Staged& staged : all_staged) outcomes[staged.index] = contents_durable ? Publish(staged) : not_durable;
  for (const Staged& staged : all_staged) {
    // Gone already where it was published.
    if (outcomes[staged.index].kind != SendOutcome::Kind::kAccepted) {
      unlinkat(unfinished_.get(), staged.unfinished_name.c_str(), 0);
    }
  }
  for (const auto& [path, folder] : folders) {
    if (fsync(folder.get()) == 0) continue;
    for (const Staged& staged : all_staged) {
      SendOutcome& outcome = outcomes[staged.index];
      if (staged.folder != folder.get() || outcome.kind != SendOutcome::Kind::kAccepted) continue;
      outcome =
          SendOutcome::Unknown(kSpoolNotDurable, "the message is in the spool, but the disk would not confirm it");
    }
  }
  return outcomes;
}

// Accepted here means staged.
SendOutcome SpoolSender::Stage(const OutgoingMessage& message, Folders& folders, Staged& staged) const {
  std::string content;
  if (absl::optional<SendOutcome> refusal = Format(message, content); refusal.has_value()) return *std::move(refusal);
  const FileHandle* folder = OpenFolder(message, folders);
  if (folder == nullptr) return Unwritable("folder");
  staged.folder = folder->get();
  staged.unfinished_name = message.idempotency_key;
  staged.name =
      absl::StrCat(message.idempotency_key, message.message->channel() == v1::CHANNEL_EMAIL ? ".eml" : ".json");
  const FileHandle file(openat(unfinished_.get(), staged.unfinished_name.c_str(),
                               O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, kFileMode));
  if (!file.ok()) return Unwritable("create");
  if (WriteAll(file.get(), content)) return SendOutcome::Accepted();
  SendOutcome outcome = Unwritable("write");
  unlinkat(unfinished_.get(), staged.unfinished_name.c_str(), 0);
  return outcome;
}

SendOutcome SpoolSender::Publish(const Staged& staged) const {
  if (MoveWithoutReplacing(unfinished_.get(), staged.unfinished_name.c_str(), staged.folder, staged.name.c_str())) {
    return SendOutcome::Accepted();
  }
  if (errno != EEXIST) return Unwritable("rename");
  // Sent at an earlier attempt.
  unlinkat(unfinished_.get(), staged.unfinished_name.c_str(), 0);
  return SendOutcome::Accepted();
}

absl::optional<SendOutcome> SpoolSender::Format(const OutgoingMessage& outgoing, std::string& content) const {
  const v1::Message& message = *outgoing.message;
  if (message.channel() != v1::CHANNEL_EMAIL) {
    content = FormatJson(outgoing);
    return absl::nullopt;
  }
  const std::string message_id = absl::StrCat(outgoing.idempotency_key, "@", domain_);
  const Email email = EmailOf(message, options_.sender_address, /*from_name=*/"", message_id, clock_.Now());
  if (absl::optional<SendOutcome> refusal = RefusalOf(email); refusal.has_value()) return refusal;
  content = FormatEmail(email);
  return absl::nullopt;
}

const FileHandle* SpoolSender::OpenFolder(const OutgoingMessage& message, Folders& folders) const {
  const std::string channel(ChannelName(message.message->channel()));
  const std::string day = absl::FormatTime("%Y-%m-%d", message.create_time, absl::UTCTimeZone());
  const auto [entry, is_new] = folders.try_emplace(absl::StrCat(channel, "/", day));
  if (is_new && MakeFolder(spool_.get(), channel)) {
    const FileHandle channel_folder = OpenFolderAt(spool_.get(), channel);
    if (channel_folder.ok() && MakeFolder(channel_folder.get(), day)) {
      entry->second = OpenFolderAt(channel_folder.get(), day);
    }
  }
  return entry->second.ok() ? &entry->second : nullptr;
}

}  // namespace campaign::delivery
