#include <filesystem>
#include <fstream>
#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "google/protobuf/util/json_util.h"
#include "tools/campaignctl/commands/commands.h"
#include "tools/campaignctl/format.h"
#include "tools/campaignctl/progress.h"

namespace campaign::ctl {
namespace {

constexpr int kMessagesPerCall = 1000;
constexpr int kRefusedShown = 10;

// What came of one file.
struct FileCounts {
  std::string file;
  int64_t read = 0;
  int64_t stored = 0;  // New or changed.
  int64_t known = 0;   // Already there, the same or older.
  int64_t refused = 0;
};

// A file of protobuf JSON lines, a chunk at a time.
template <class Message>
class LineReader {
 public:
  explicit LineReader(std::string file) : file_(std::move(file)), stream_(file_) {}

  // Adds up to kMessagesPerCall messages; none at the end. INVALID_ARGUMENT "FILE:LINE: ..." for a line that is none.
  absl::Status ReadChunk(google::protobuf::RepeatedPtrField<Message>& messages) {
    lines_.clear();
    std::string text;
    while (messages.size() < kMessagesPerCall && std::getline(stream_, text)) {
      ++line_;
      if (absl::StripAsciiWhitespace(text).empty()) continue;
      google::protobuf::util::JsonParseOptions options;
      options.case_insensitive_enum_parsing = true;
      const auto status = google::protobuf::util::JsonStringToMessage(text, messages.Add(), options);
      if (!status.ok())
        return absl::InvalidArgumentError(absl::StrCat(Place(line_), ": ", std::string(status.message())));
      lines_.push_back(line_);
    }
    if (stream_.bad()) return absl::DataLossError(absl::StrCat("cannot read ", file_));
    return absl::OkStatus();
  }

  // Where message `index` of the last chunk stands.
  std::string PlaceOf(size_t index) const { return Place(lines_[index]); }

  // The error of a call with the last chunk, with the line where its message names an element ("events[17].kind: ...").
  absl::Status Locate(const absl::Status& status) const {
    const std::string message = ServerMessage(status);
    const size_t open = message.find('[');
    const size_t close = message.find(']');
    size_t index = 0;
    if (!absl::IsInvalidArgument(status) || open == std::string::npos || close == std::string::npos || close < open ||
        !absl::SimpleAtoi(message.substr(open + 1, close - open - 1), &index) || index >= lines_.size()) {
      return absl::Status(status.code(), absl::StrCat(PlaceOf(0), " and after: ", status.message()));
    }
    return absl::Status(status.code(), absl::StrCat(PlaceOf(index), ": ", message));
  }

  const std::string& file() const { return file_; }

 private:
  std::string Place(int64_t line) const { return absl::StrCat(file_, ":", line); }

  std::string file_;
  std::ifstream stream_;
  int64_t line_ = 0;
  std::vector<int64_t> lines_;
};

// Sends one file, a chunk a call. `field` gives the request's messages, `send` makes the call, `count` adds its answer.
template <class Request, class Message, class Send, class CountAnswer>
absl::StatusOr<FileCounts> ImportFile(Context& context, const std::string& file,
                                      google::protobuf::RepeatedPtrField<Message>* (Request::*field)(), Send send,
                                      CountAnswer count) {
  FileCounts counts{std::filesystem::path(file).filename().string()};
  LineReader<Message> reader(file);
  Progress progress(context.console);
  while (true) {
    Request request;
    google::protobuf::RepeatedPtrField<Message>& messages = *(request.*field)();
    RETURN_IF_ERROR(reader.ReadChunk(messages));
    if (messages.empty()) return counts;
    const auto response = send(request);
    if (!response.ok()) return reader.Locate(response.status());
    counts.read += messages.size();
    progress.Clear();
    count(reader, request, *response, counts);
    if (!context.json())
      progress.Show(absl::StrCat(counts.file, "  ", FormatCount(counts.read), "  ",
                                 FormatCount(progress.Rate(counts.read)), "/s"));
  }
}

// Names each refused event with its line, as long as there are few.
void ListRefused(Console& console, const LineReader<v1::Event>& reader, const v1::RecordEventsRequest& request,
                 const v1::RecordEventsResponse& response, int64_t refused_before) {
  for (const v1::RefusedEvent& refused : response.refused()) {
    if (refused_before++ >= kRefusedShown) return;
    int index = 0;
    while (index < request.events_size() && request.events(index).event_id() != refused.event_id()) ++index;
    const std::string place = index < request.events_size() ? reader.PlaceOf(index) : reader.file();
    console.err << Printable(absl::StrCat(place, ": event ", refused.event_id(), " refused: ", refused.error().reason(),
                                          refused.error().reason().empty() ? "" : ": ", refused.error().message()))
                << "\n";
  }
}

absl::StatusOr<FileCounts> ImportCustomers(Context& context, const std::string& file) {
  return ImportFile<v1::ImportCustomersRequest, v1::Customer>(
      context, file, &v1::ImportCustomersRequest::mutable_customers,
      [&](const auto& request) {
        return CallStream(context.clients.retrieval, &v1::Retrieval::Stub::ImportCustomers, request);
      },
      [](const auto&, const auto&, const v1::ImportCustomersResponse& response, FileCounts& counts) {
        counts.stored += response.created_count();
        counts.known += response.updated_count();
      });
}

absl::StatusOr<FileCounts> ImportEvents(Context& context, const std::string& file) {
  return ImportFile<v1::RecordEventsRequest, v1::Event>(
      context, file, &v1::RecordEventsRequest::mutable_events,
      [&](const auto& request) {
        return CallStream(context.clients.retrieval, &v1::Retrieval::Stub::RecordEvents, request);
      },
      [&](const auto& reader, const auto& request, const v1::RecordEventsResponse& response, FileCounts& counts) {
        ListRefused(context.console, reader, request, response, counts.refused);
        counts.stored += response.recorded_count();
        counts.known += response.duplicate_count();
        counts.refused += response.refused_count();
      });
}

absl::StatusOr<FileCounts> ImportConsents(Context& context, const std::string& file) {
  return ImportFile<v1::RecordConsentsRequest, v1::Consent>(
      context, file, &v1::RecordConsentsRequest::mutable_consents,
      [&](const auto& request) {
        return Call(context.clients.compliance, &v1::Compliance::Stub::RecordConsents, request);
      },
      [](const auto&, const auto& request, const v1::RecordConsentsResponse& response, FileCounts& counts) {
        counts.stored += response.changed_count();
        counts.known += request.consents_size() - response.changed_count();
      });
}

absl::StatusOr<FileCounts> ImportSuppressions(Context& context, const std::string& file) {
  return ImportFile<v1::AddSuppressionsRequest, v1::Suppression>(
      context, file, &v1::AddSuppressionsRequest::mutable_suppressions,
      [&](const auto& request) {
        return Call(context.clients.compliance, &v1::Compliance::Stub::AddSuppressions, request);
      },
      [](const auto&, const auto& request, const v1::AddSuppressionsResponse& response, FileCounts& counts) {
        counts.stored += response.added_count();
        counts.known += request.suppressions_size() - response.added_count();
      });
}

void PrintCounts(Console& console, bool json, const std::vector<FileCounts>& all) {
  Table table({{"FILE"},
               {"READ", Table::kRight},
               {"NEW", Table::kRight},
               {"KNOWN", Table::kRight},
               {"REFUSED", Table::kRight}});
  for (const FileCounts& counts : all) {
    if (json) {
      console.out << absl::StrCat("{\"file\":\"", counts.file, "\",\"read\":", counts.read, ",\"new\":", counts.stored,
                                  ",\"known\":", counts.known, ",\"refused\":", counts.refused, "}\n");
    }
    table.AddRow({counts.file, FormatCount(counts.read), FormatCount(counts.stored), FormatCount(counts.known),
                  FormatCount(counts.refused)});
  }
  if (!json) console.out << table.ToString();
}

absl::Status Import(Context& context) {
  struct Part {
    const char* file;
    absl::StatusOr<FileCounts> (*import)(Context&, const std::string&);
  };
  // Customers before what happened to them; consents and suppressions may name customers not yet known.
  constexpr Part kParts[] = {{"customers.jsonl", &ImportCustomers},
                             {"events.jsonl", &ImportEvents},
                             {"consents.jsonl", &ImportConsents},
                             {"suppressions.jsonl", &ImportSuppressions}};
  const std::filesystem::path folder = context.arguments.positional[0];
  std::vector<FileCounts> all;
  int64_t refused = 0;
  for (const Part& part : kParts) {
    if (!std::filesystem::exists(folder / part.file)) continue;
    absl::StatusOr<FileCounts> counts = part.import(context, (folder / part.file).string());
    if (!counts.ok()) {
      PrintCounts(context.console, context.json(), all);
      return counts.status();
    }
    refused += counts->refused;
    all.push_back(*std::move(counts));
  }
  if (all.empty()) {
    return absl::NotFoundError(absl::StrCat(
        folder.string(), " holds none of customers.jsonl, events.jsonl, consents.jsonl and suppressions.jsonl"));
  }
  PrintCounts(context.console, context.json(), all);
  if (refused == 0) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(FormatCount(refused), refused == 1 ? " event was refused" : " events were refused",
                   refused > kRefusedShown ? absl::StrCat("; above are the first ", kRefusedShown) : ""));
}

}  // namespace

std::vector<Command> ImportCommands() {
  return {{"import",
           "DIR",
           1,
           1,
           "reads customers and what they did",
           "Reads from DIR, where present and in this order: customers.jsonl, events.jsonl, consents.jsonl,\n"
           "suppressions.jsonl; each line is one Customer, Event, Consent or Suppression as protobuf JSON.\n"
           "Importing the same files again changes nothing. An error names FILE:LINE; what came before it stands.",
           {},
           &Import}};
}

}  // namespace campaign::ctl
