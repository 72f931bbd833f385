#include "tools/campaignctl/clients.h"

#include <chrono>

#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/channel.h"

namespace campaign::ctl {
namespace {

constexpr char kMessagePayload[] = "campaign.ctl/server_message";

// Until a connection stands, gRPC gives the target as it was named.
bool HasConnected(const grpc::ClientContext& context) {
  return absl::StartsWith(context.peer(), "ipv4:") || absl::StartsWith(context.peer(), "ipv6:");
}

}  // namespace

const std::shared_ptr<grpc::Channel>& Peer::channel() {
  if (channel_ == nullptr) channel_ = MakeChannel(target_);
  return channel_;
}

void Peer::SetDeadline(grpc::ClientContext& context) const {
  context.set_deadline(std::chrono::system_clock::now() + absl::ToChronoMilliseconds(timeout_));
}

bool Peer::WaitForReturn(absl::Duration patience) {
  return channel()->WaitForConnected(std::chrono::system_clock::now() + absl::ToChronoMilliseconds(patience));
}

absl::Status Peer::Conclude(const grpc::Status& status, const grpc::ClientContext& context) {
  reached_ = reached_ || HasConnected(context);
  return status.ok() ? absl::OkStatus() : Explain(status, context);
}

absl::Status Peer::Explain(const grpc::Status& status, const grpc::ClientContext& context) const {
  const auto code = static_cast<absl::StatusCode>(status.error_code());
  std::string text;
  if (!HasConnected(context) && (absl::IsUnavailable({code, ""}) || absl::IsDeadlineExceeded({code, ""}))) {
    text = absl::StrCat("cannot reach ", name_, " at ", target_, ": ", status.error_message());
  } else if (absl::IsDeadlineExceeded({code, ""})) {
    text = absl::StrCat("DEADLINE_EXCEEDED: ", name_, " at ", target_, " has not answered within ",
                        absl::FormatDuration(timeout_));
  } else {
    text = absl::StrCat(absl::StatusCodeToString(code), ": ", status.error_message());
  }
  absl::Status explained(code, text);
  explained.SetPayload(kMessagePayload, absl::Cord(status.error_message()));
  return explained;
}

std::string ServerMessage(const absl::Status& status) {
  return std::string(status.GetPayload(kMessagePayload).value_or(absl::Cord()));
}

}  // namespace campaign::ctl
