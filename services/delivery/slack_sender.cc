#include "services/delivery/slack_sender.h"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "services/delivery/slack_mrkdwn.h"

namespace campaign::delivery {
namespace {

// A section block of Slack's takes 3000 characters, a message 50 blocks; what is longer than all of them is cut.
constexpr size_t kBlockBytes = 3000;
constexpr size_t kMaxBlocks = 50;

// What Slack says in the body of a refusal (its changelog of 2016-05-17, and "Sending messages using incoming
// webhooks").
struct SlackError {
  const char* body;
  // No message gets through, whoever it is for.
  bool down;
  const char* reason;
  const char* text;
};

constexpr SlackError kErrors[] = {
    {"invalid_payload", false, "SLACK_INVALID_PAYLOAD", "the chat does not understand the message"},
    {"no_text", false, "SLACK_NO_TEXT", "the chat found no text in the message"},
    {"invalid_blocks", false, "SLACK_INVALID_BLOCKS", "the chat does not take the message's blocks"},
    {"user_not_found", false, "SLACK_USER_NOT_FOUND", "nobody in the chat has this id"},
    {"channel_not_found", false, "SLACK_CHANNEL_NOT_FOUND", "the channel does not exist"},
    {"channel_is_archived", false, "SLACK_CHANNEL_IS_ARCHIVED", "the channel is archived"},
    {"action_prohibited", false, "SLACK_ACTION_PROHIBITED", "the workspace does not allow it"},
    {"posting_to_general_channel_denied", false, "SLACK_POSTING_DENIED", "the workspace allows it to admins alone"},
    {"no_service", true, "SLACK_NO_SERVICE", "the webhook was removed or switched off"},
    {"no_service_id", true, "SLACK_NO_SERVICE", "the webhook's URL is not whole"},
    {"no_team", true, "SLACK_NO_TEAM", "the webhook's workspace does not exist"},
    {"team_disabled", true, "SLACK_NO_TEAM", "the webhook's workspace is disabled"},
    {"invalid_token", true, "SLACK_INVALID_TOKEN", "the webhook's URL is not valid any more"},
};

std::string Dump(const nlohmann::json& json) {
  return json.dump(/*indent=*/-1, ' ', /*ensure_ascii=*/false, nlohmann::json::error_handler_t::replace);
}

// `text` is what notifications show, and those who do not show blocks.
std::string Body(const v1::Message& message) {
  nlohmann::json blocks = nlohmann::json::array();
  for (std::string& piece : SplitText(MarkdownToMrkdwn(message.text()), kBlockBytes)) {
    if (blocks.size() == kMaxBlocks) break;
    blocks.push_back({{"type", "section"}, {"text", {{"type", "mrkdwn"}, {"text", std::move(piece)}}}});
  }
  const std::string& plain = message.plain_text().empty() ? message.text() : message.plain_text();
  return Dump({{"channel", message.address()}, {"text", EscapeSlack(plain)}, {"blocks", std::move(blocks)}});
}

}  // namespace

absl::StatusOr<std::unique_ptr<SlackSender>> SlackSender::Create(SlackOptions options, const Clock& clock) {
  ASSIGN_OR_RETURN(std::string url, ReadSecret("webhook_url_file", options.webhook_url_file));
  RETURN_IF_ERROR(CheckUrl("webhook_url_file", url));
  return std::unique_ptr<SlackSender>(new SlackSender(std::move(options), std::move(url), clock));
}

SlackSender::SlackSender(SlackOptions options, std::string url, const Clock& clock)
    : options_(std::move(options)), url_(std::move(url)), clock_(clock), client_({.ca_file = options_.http.ca_file}) {}

std::vector<SendOutcome> SlackSender::Send(absl::Span<const OutgoingMessage> messages) {
  const auto write = [this](const OutgoingMessage& outgoing, HttpRequest& request) -> absl::optional<SendOutcome> {
    if (outgoing.message->text().empty()) return SendOutcome::Rejected(kMessageEmpty, "the message has no text");
    request.url = url_;
    request.headers = {{"Content-Type", "application/json; charset=utf-8"}};
    request.body = Body(*outgoing.message);
    return absl::nullopt;
  };
  return SendOverHttp(client_, options_.http, messages,
                      {write, [this](const HttpResult& result) { return Read(result); }});
}

SendOutcome SlackSender::Read(const HttpResult& result) const {
  const absl::Time now = clock_.Now();
  const HttpResponse& response = result.response;
  const absl::string_view body = absl::StripAsciiWhitespace(response.body);
  const auto* error = std::find_if(std::begin(kErrors), std::end(kErrors),
                                   [body](const SlackError& known) { return known.body == body; });
  if (response.status < 400 || response.status >= 500 || error == std::end(kErrors)) {
    return OutcomeOf(result, deduplicates(), now);
  }
  return error->down ? SendOutcome::Down(error->reason, error->text, RetryAfter(response, now))
                     : SendOutcome::Rejected(error->reason, error->text);
}

}  // namespace campaign::delivery
