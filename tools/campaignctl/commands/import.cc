#include <filesystem>
#include <future>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "common/status.h"
#include "tools/campaignctl/commands/commands.h"
#include "tools/campaignctl/format.h"
#include "tools/campaignctl/json_lines.h"
#include "tools/campaignctl/progress.h"

namespace campaign::ctl {
namespace {

constexpr int kMessagesPerCall = 1000;
constexpr int kRefusedShown = 10;
// How often a chunk is sent that is not answered, and how long to wait each time for the server to come back.
constexpr int kAttempts = 5;
constexpr absl::Duration kPatience = absl::Seconds(30);

// What came of one file.
struct FileCounts {
  std::string file;
  int64_t read = 0;
  int64_t stored = 0;  // New or changed.
  int64_t known = 0;   // Already there, the same or older.
  int64_t refused = 0;
};

// Up to kMessagesPerCall messages and where they stand.
template <class Request>
struct Chunk {
  Request request;
  Places places;
};

// A chunk on its way. The future waits for its call before the chunk goes.
template <class Request, class Response>
struct Sent {
  std::unique_ptr<Chunk<Request>> chunk;
  std::future<absl::StatusOr<Response>> response;
};

// How one kind of file is imported.
template <class Request, class Message, class Response>
struct Importer {
  Peer Clients::*peer;
  google::protobuf::RepeatedPtrField<Message>* (Request::*messages)();
  absl::StatusOr<Response> (*send)(Clients& clients, const Request& request);
  // Adds what a call did, for the messages of `chunk`.
  void (*count)(Console& console, const Chunk<Request>& chunk, const Response& response, FileCounts& counts);
};

// The next chunk of a file; without messages at its end.
template <class Request, class Message, class Response>
absl::StatusOr<std::unique_ptr<Chunk<Request>>> ReadChunk(const Importer<Request, Message, Response>& importer,
                                                          JsonLines& reader) {
  auto chunk = std::make_unique<Chunk<Request>>();
  chunk->places.file = reader.file();
  google::protobuf::RepeatedPtrField<Message>& messages = *(chunk->request.*importer.messages)();
  while (messages.size() < kMessagesPerCall) {
    int64_t line = 0;
    RETURN_IF_ERROR(reader.ReadNext(*messages.Add(), line));
    if (line == 0) {
      messages.RemoveLast();
      break;
    }
    chunk->places.lines.push_back(line);
  }
  return chunk;
}

// Sends a request until it is answered. A server that restarts, or ends a connection, may have stored what it did not
// acknowledge; sent again, that changes nothing and counts as known. A server that was never there is an error at once.
template <class Request, class Message, class Response>
absl::StatusOr<Response> SendUntilAnswered(Clients& clients, const Importer<Request, Message, Response>& importer,
                                           const Request& request) {
  Peer& peer = clients.*importer.peer;
  absl::StatusOr<Response> response = importer.send(clients, request);
  for (int attempt = 1; attempt < kAttempts && absl::IsUnavailable(response.status()) && peer.reached(); ++attempt) {
    if (!peer.WaitForReturn(kPatience)) break;
    response = importer.send(clients, request);
  }
  return response;
}

// Waits for a chunk's answer and counts it.
template <class Request, class Message, class Response>
absl::Status Settle(Context& context, const Importer<Request, Message, Response>& importer,
                    Sent<Request, Response> sent, Progress& progress, FileCounts& counts) {
  const absl::StatusOr<Response> response = sent.response.get();
  if (!response.ok()) return sent.chunk->places.Locate(response.status());
  counts.read += static_cast<int64_t>(sent.chunk->places.lines.size());
  progress.Clear();
  importer.count(context.console, *sent.chunk, *response, counts);
  if (!context.json()) {
    progress.Show(
        absl::StrCat(counts.file, "  ", FormatCount(counts.read), "  ", FormatCount(progress.Rate(counts.read)), "/s"));
  }
  return absl::OkStatus();
}

// Sends one file, a chunk a call, one call at a time; while it is on its way the next chunk is read.
template <class Request, class Message, class Response>
absl::StatusOr<FileCounts> ImportFile(Context& context, const std::string& file,
                                      const Importer<Request, Message, Response>& importer) {
  FileCounts counts{std::filesystem::path(file).filename().string()};
  JsonLines reader(file);
  Progress progress(context.console);
  absl::optional<Sent<Request, Response>> sent;
  while (true) {
    auto chunk = ReadChunk(importer, reader);
    if (sent.has_value()) RETURN_IF_ERROR(Settle(context, importer, *std::move(sent), progress, counts));
    RETURN_IF_ERROR(chunk.status());
    if ((*chunk)->places.lines.empty()) return counts;
    const Request& request = (*chunk)->request;
    sent = Sent<Request, Response>{*std::move(chunk), std::async(std::launch::async, [&] {
                                     return SendUntilAnswered(context.clients, importer, request);
                                   })};
  }
}

// Names each refused event with its line, as long as there are few.
void ListRefused(Console& console, const Chunk<v1::RecordEventsRequest>& chunk,
                 const v1::RecordEventsResponse& response, int64_t refused_before) {
  const v1::RecordEventsRequest& request = chunk.request;
  for (const v1::RefusedEvent& refused : response.refused()) {
    if (refused_before++ >= kRefusedShown) return;
    int index = 0;
    while (index < request.events_size() && request.events(index).event_id() != refused.event_id()) ++index;
    const std::string place = index < request.events_size() ? chunk.places.At(index) : chunk.places.file;
    console.err << Printable(absl::StrCat(place, ": event ", refused.event_id(), " refused: ", refused.error().reason(),
                                          refused.error().reason().empty() ? "" : ": ", refused.error().message()))
                << "\n";
  }
}

absl::StatusOr<FileCounts> ImportCustomers(Context& context, const std::string& file) {
  using Request = v1::ImportCustomersRequest;
  using Response = v1::ImportCustomersResponse;
  static constexpr Importer<Request, v1::Customer, Response> kImporter = {
      &Clients::retrieval, &Request::mutable_customers,
      [](Clients& clients, const Request& request) {
        return CallStream(clients.retrieval, &v1::Retrieval::Stub::ImportCustomers, request);
      },
      [](Console&, const Chunk<Request>& chunk, const Response& response, FileCounts& counts) {
        const int64_t stored = response.created_count() + response.updated_count();
        counts.stored += stored;
        counts.known += chunk.request.customers_size() - stored;
      }};
  return ImportFile(context, file, kImporter);
}

absl::StatusOr<FileCounts> ImportEvents(Context& context, const std::string& file) {
  using Request = v1::RecordEventsRequest;
  using Response = v1::RecordEventsResponse;
  static constexpr Importer<Request, v1::Event, Response> kImporter = {
      &Clients::retrieval, &Request::mutable_events,
      [](Clients& clients, const Request& request) {
        return CallStream(clients.retrieval, &v1::Retrieval::Stub::RecordEvents, request);
      },
      [](Console& console, const Chunk<Request>& chunk, const Response& response, FileCounts& counts) {
        ListRefused(console, chunk, response, counts.refused);
        counts.stored += response.recorded_count();
        counts.known += response.duplicate_count();
        counts.refused += response.refused_count();
      }};
  return ImportFile(context, file, kImporter);
}

absl::StatusOr<FileCounts> ImportConsents(Context& context, const std::string& file) {
  using Request = v1::RecordConsentsRequest;
  using Response = v1::RecordConsentsResponse;
  static constexpr Importer<Request, v1::Consent, Response> kImporter = {
      &Clients::compliance, &Request::mutable_consents,
      [](Clients& clients, const Request& request) {
        return Call(clients.compliance, &v1::Compliance::Stub::RecordConsents, request);
      },
      [](Console&, const Chunk<Request>& chunk, const Response& response, FileCounts& counts) {
        counts.stored += response.changed_count();
        counts.known += chunk.request.consents_size() - response.changed_count();
      }};
  return ImportFile(context, file, kImporter);
}

absl::StatusOr<FileCounts> ImportSuppressions(Context& context, const std::string& file) {
  using Request = v1::AddSuppressionsRequest;
  using Response = v1::AddSuppressionsResponse;
  static constexpr Importer<Request, v1::Suppression, Response> kImporter = {
      &Clients::compliance, &Request::mutable_suppressions,
      [](Clients& clients, const Request& request) {
        return Call(clients.compliance, &v1::Compliance::Stub::AddSuppressions, request);
      },
      [](Console&, const Chunk<Request>& chunk, const Response& response, FileCounts& counts) {
        counts.stored += response.added_count();
        counts.known += chunk.request.suppressions_size() - response.added_count();
      }};
  return ImportFile(context, file, kImporter);
}

void PrintCounts(Console& console, bool json, const std::vector<FileCounts>& all) {
  Table table({{"FILE"},
               {"READ", Table::kRight},
               {"STORED", Table::kRight},
               {"KNOWN", Table::kRight},
               {"REFUSED", Table::kRight}});
  for (const FileCounts& counts : all) {
    if (json) {
      console.out << absl::StrCat("{\"file\":\"", counts.file, "\",\"read\":", counts.read,
                                  ",\"stored\":", counts.stored, ",\"known\":", counts.known,
                                  ",\"refused\":", counts.refused, "}\n");
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
      if (!all.empty()) PrintCounts(context.console, context.json(), all);
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
           "STORED are new or changed, KNOWN were there before. Importing the same files again changes nothing. An "
           "error names FILE:LINE; what came before it stands.",
           {},
           &Import}};
}

}  // namespace campaign::ctl
