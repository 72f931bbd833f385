#include "tools/campaignctl/json_lines.h"

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/util/json_util.h"
#include "tools/campaignctl/clients.h"

namespace campaign::ctl {
namespace {

// The number in the first pair of brackets; false where there is none.
bool ElementOf(const std::string& message, size_t* index) {
  const size_t open = message.find('[');
  const size_t close = message.find(']', open == std::string::npos ? 0 : open);
  return open != std::string::npos && close != std::string::npos &&
         absl::SimpleAtoi(message.substr(open + 1, close - open - 1), index);
}

}  // namespace

std::string Places::At(size_t index) const { return absl::StrCat(file, ":", lines[index]); }

absl::Status Places::Locate(const absl::Status& status) const {
  const std::string message = ServerMessage(status);
  size_t index = 0;
  if (absl::IsInvalidArgument(status) && ElementOf(message, &index) && index < lines.size()) {
    return absl::Status(status.code(), absl::StrCat(At(index), ": ", message));
  }
  return absl::Status(status.code(), absl::StrCat(At(0), " and after: ", status.message()));
}

absl::Status JsonLines::ReadNext(google::protobuf::Message& message, int64_t& line) {
  google::protobuf::util::JsonParseOptions options;
  options.case_insensitive_enum_parsing = true;
  line = 0;
  std::string text;
  while (std::getline(stream_, text)) {
    ++line_;
    if (absl::StripAsciiWhitespace(text).empty()) continue;
    const auto status = google::protobuf::util::JsonStringToMessage(text, &message, options);
    if (!status.ok()) {
      // Further lines of the message repeat the input.
      const std::string what(status.message());
      return absl::InvalidArgumentError(absl::StrCat(file_, ":", line_, ": ", what.substr(0, what.find('\n'))));
    }
    line = line_;
    return absl::OkStatus();
  }
  // A file that could not be opened must not pass for an empty one.
  if (stream_.eof()) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("cannot read ", file_));
}

}  // namespace campaign::ctl
