#pragma once

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "campaign/v1/offers.pb.h"
#include "common/testing/testing.h"

namespace campaign::offer::testing {

// A customer who can be reached by e-mail and SMS and agreed to both.
inline v1::SelectItem ItemFor(absl::string_view customer_run_id, absl::string_view customer_id) {
  auto item = campaign::testing::ParseProto<v1::SelectItem>(R"pb(
    profile {
      customer {
        contact_points { channel: CHANNEL_EMAIL address: "someone@example.com" }
        contact_points { channel: CHANNEL_SMS address: "+15550100" }
      }
      orders_365d: 6
      days_since_last_purchase: 12
      messages_30d: 3
    }
    consented_channels: [ CHANNEL_EMAIL, CHANNEL_SMS ]
  )pb");
  item.set_customer_run_id(std::string(customer_run_id));
  item.mutable_profile()->mutable_customer()->set_customer_id(std::string(customer_id));
  return item;
}

// A configuration in US dollars that prefers e-mail, then SMS, with `text` (text format) beside.
inline v1::OfferConfig ConfigOf(absl::string_view text) {
  return campaign::testing::ParseProto<v1::OfferConfig>(
      absl::StrCat("channel_priority: [CHANNEL_EMAIL, CHANNEL_SMS] currency_code: 'USD' ", text));
}

// An action that anyone may get, worth 5.00 at propensity 0.1 unless `text`, which stands beside, says otherwise.
inline std::string Nudge(absl::string_view action_id, absl::string_view text = "") {
  return absl::StrCat("actions { action_id: '", action_id, "' kind: ACTION_KIND_NUDGE value_minor: 500 ",
                      absl::StrContains(text, "propensity:") ? "" : "propensity: 0.1 ", text, " } ");
}

// The code of the reason that an action lost for; "" where it did not lose.
inline std::string LossCode(const v1::ActionDecision& decision, absl::string_view action_id) {
  for (const v1::LosingCandidate& losing : decision.losing_candidates()) {
    if (losing.action_id() == action_id) return losing.reason().code();
  }
  return "";
}

// The reason of this code; an empty one where there is none.
inline v1::Reason ReasonOf(const v1::ActionDecision& decision, absl::string_view code) {
  for (const v1::Reason& reason : decision.reasons()) {
    if (reason.code() == code) return reason;
  }
  return {};
}

inline std::string VariableOf(const v1::ActionDecision& decision, absl::string_view name) {
  for (const v1::Fact& fact : decision.variables()) {
    if (fact.name() == name) return fact.value();
  }
  return "(absent)";
}

}  // namespace campaign::offer::testing
