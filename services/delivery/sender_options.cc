#include "services/delivery/sender_options.h"

#include <memory>
#include <utility>
#include <variant>
#include <vector>

#include "common/status.h"
#include "services/delivery/counting_sender.h"
#include "services/delivery/smtp_sender.h"

namespace campaign::delivery {
namespace {

// Checks that need a time are about none.
class NoClock final : public Clock {
 public:
  absl::Time Now() const override { return absl::UnixEpoch(); }
};

template <class Sender>
absl::StatusOr<std::shared_ptr<ChannelSender>> Shared(absl::StatusOr<std::unique_ptr<Sender>> sender) {
  if (!sender.ok()) return sender.status();
  return std::shared_ptr<ChannelSender>(*std::move(sender));
}

struct MakeSenderFor {
  const Clock& clock;

  using Result = absl::StatusOr<std::shared_ptr<ChannelSender>>;
  Result operator()(const SpoolOptions& options) const { return Shared(SpoolSender::Open(options, clock)); }
  Result operator()(const CountOptions&) const { return Result(std::make_shared<CountingSender>()); }
  Result operator()(const SmtpOptions& options) const { return Shared(SmtpSender::Create(options, clock)); }
  Result operator()(const TwilioOptions& options) const { return Shared(TwilioSender::Create(options, clock)); }
  Result operator()(const FcmOptions& options) const { return Shared(FcmSender::Create(options, clock)); }
  Result operator()(const SlackOptions& options) const { return Shared(SlackSender::Create(options, clock)); }
  Result operator()(const WebhookOptions& options) const { return Shared(WebhookSender::Create(options, clock)); }
};

}  // namespace

absl::Status CheckSender(const ProviderConfig& config) {
  if (const auto* spool = std::get_if<SpoolOptions>(&config.endpoint)) return SpoolSender::Check(*spool);
  if (std::holds_alternative<CountOptions>(config.endpoint)) return absl::OkStatus();
  const NoClock clock;
  return std::visit(MakeSenderFor{clock}, config.endpoint).status();
}

absl::StatusOr<ProviderRouter> MakeRouter(const ProvidersConfig& config, const Clock& clock) {
  std::vector<ProviderRouter::Member> members;
  for (const ProviderConfig& provider : config.providers) {
    ASSIGN_OR_RETURN(auto sender, std::visit(MakeSenderFor{clock}, provider.endpoint));
    members.push_back({provider.settings, std::move(sender)});
  }
  return ProviderRouter(std::move(members));
}

}  // namespace campaign::delivery
