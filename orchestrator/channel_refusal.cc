#include "orchestrator/channel_refusal.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"

namespace campaign::orchestrator {
namespace {

// What a reason of a block must say besides its code, so that it stands against this channel only.
enum class Bound {
  // The code says it.
  kAlways,
  // The fact "channel" or "scope" names a channel.
  kByChannel,
  // That, or the fact "target" names something other than the customer.
  kByTargetOrChannel,
  // It does not block: it would make wait, on any channel.
  kNoBlock,
};

struct BlockCode {
  absl::string_view code;
  Bound bound;
};

// Codes of compliance. What is not here is about the customer or the content, whatever the channel.
constexpr BlockCode kBlockCodes[] = {
    {"SUPPRESSED", Bound::kByTargetOrChannel},
    {"NO_CONSENT", Bound::kAlways},
    // Such as an address that is no telephone number.
    {"CHECK_NOT_EVALUABLE", Bound::kByTargetOrChannel},
    {"FREQUENCY_CAP_REACHED", Bound::kByChannel},
    {"QUIET_HOURS", Bound::kNoBlock},
};

// Codes of the generator.
constexpr absl::string_view kGenerationCodes[] = {"ADDRESS_MISSING", "TEMPLATE_MISSING"};

// Codes of delivery: nothing reaches the customer at this address, or on this channel. Refusals of the content or of us
// as a sender are not here: another channel would make them worse, and for everybody at once.
constexpr absl::string_view kDeliveryCodes[] = {
    "ADDRESS_INVALID",       "ADDRESS_MISSING",         "ADDRESS_NOT_MOBILE", "ADDRESS_UNKNOWN",  "CHANNEL_UNSUPPORTED",
    "DEVICE_UNREGISTERED",   "DEVICE_OF_OTHER_PROJECT", "DOMAIN_UNKNOWN",     "MAILBOX_DISABLED", "MAILBOX_FULL",
    "RECIPIENT_UNREACHABLE", "RECIPIENT_UNSUBSCRIBED",  "REGION_NOT_ENABLED", "WEBHOOK_GONE",
};

template <size_t size>
bool Contains(const absl::string_view (&codes)[size], absl::string_view code) {
  return std::find(std::begin(codes), std::end(codes), code) != std::end(codes);
}

absl::string_view FactOf(const v1::Reason& reason, absl::string_view name) {
  for (const v1::Fact& fact : reason.facts()) {
    if (fact.name() == name) return fact.value();
  }
  return "";
}

// The scope of a suppression begins with its channel: "sms, brand Nordlicht".
bool NamesChannel(const v1::Reason& reason) {
  const absl::string_view scope = FactOf(reason, "scope");
  return !FactOf(reason, "channel").empty() || (!scope.empty() && !absl::StartsWith(scope, "every channel"));
}

bool NamesAddress(const v1::Reason& reason) {
  const absl::string_view target = FactOf(reason, "target");
  return !target.empty() && target != "customer";
}

enum class Stand { kAgainstChannel, kAgainstAll, kNeither };

Stand StandOf(const v1::Reason& reason, const v1::CheckResult& check) {
  const auto& flags = check.red_flags();
  if (std::find(flags.begin(), flags.end(), reason.code()) != flags.end()) return Stand::kNeither;
  for (const BlockCode& known : kBlockCodes) {
    if (known.code != reason.code()) continue;
    if (known.bound == Bound::kNoBlock) return Stand::kNeither;
    const bool bound = known.bound == Bound::kAlways || NamesChannel(reason) ||
                       (known.bound == Bound::kByTargetOrChannel && NamesAddress(reason));
    return bound ? Stand::kAgainstChannel : Stand::kAgainstAll;
  }
  return Stand::kAgainstAll;
}

bool BlocksChannel(const v1::CheckResult& check) {
  if (check.verdict() != v1::VERDICT_BLOCK) return false;
  bool any = false;
  for (const v1::Reason& reason : check.reasons()) {
    const Stand stand = StandOf(reason, check);
    if (stand == Stand::kAgainstAll) return false;
    any = any || stand == Stand::kAgainstChannel;
  }
  return any;
}

bool RejectsAddress(const v1::Receipt& receipt) {
  if (receipt.state() != v1::DELIVERY_STATE_REJECTED) return false;
  bool any = false;
  for (const v1::Reason& reason : receipt.reasons()) {
    // An earlier try was in doubt, until somebody knew that it had come to nothing.
    if (reason.code() == "RESOLVED_NOT_SENT") continue;
    if (!Contains(kDeliveryCodes, reason.code())) return false;
    any = true;
  }
  return any;
}

}  // namespace

bool RefusesChannel(const v1::StepRecord& record) {
  switch (record.result_case()) {
    case v1::StepRecord::kError:
      return record.step() == v1::STEP_GENERATION && Contains(kGenerationCodes, record.error().reason());
    case v1::StepRecord::kCheck:
      return BlocksChannel(record.check());
    case v1::StepRecord::kReceipt:
      return RejectsAddress(record.receipt());
    default:
      return false;
  }
}

}  // namespace campaign::orchestrator
