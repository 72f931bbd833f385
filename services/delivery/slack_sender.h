#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/clock.h"
#include "common/http_client.h"
#include "services/delivery/channel_sender.h"
#include "services/delivery/http_outcome.h"

namespace campaign::delivery {

// An incoming webhook of a chat system that takes Slack's form: Slack, Mattermost, Rocket.Chat, Zulip.
struct SlackOptions {
  // The provider's name in the settings and the ledger, at most 64 bytes.
  std::string name = "slack";
  // A file with the webhook's URL: whoever knows it may post.
  std::string webhook_url_file;
  HttpSenderOptions http;
};

// Posts chat messages to an incoming webhook. A message's address is the channel or user, sent as `channel`. The
// webhook must be one that lets its caller choose: that of a Slack app is bound to the one channel it was made for, and
// posts there whatever it is asked. Thread-safe.
//
// Reason codes of refusals are Slack's, in capitals: "SLACK_CHANNEL_NOT_FOUND".
class SlackSender final : public ChannelSender {
 public:
  // INVALID_ARGUMENT with the field's name in SlackOptions. Calls nobody. `clock` must outlive the sender.
  static absl::StatusOr<std::unique_ptr<SlackSender>> Create(SlackOptions options, const Clock& clock);

  std::vector<SendOutcome> Send(absl::Span<const OutgoingMessage> messages) override;
  // Webhooks post whatever they get.
  bool deduplicates() const override { return false; }
  absl::string_view provider() const override { return options_.name; }

 private:
  SlackSender(SlackOptions options, std::string url, const Clock& clock);
  SendOutcome Read(const HttpResult& result) const;

  const SlackOptions options_;
  const std::string url_;
  const Clock& clock_;
  HttpClient client_;
};

}  // namespace campaign::delivery
