#include "services/offer/arbitration.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"
#include "services/offer/channel_choice.h"
#include "services/offer/experiment.h"
#include "services/offer/pricing.h"
#include "services/offer/reasons.h"

namespace campaign::offer {
namespace {

using rules::Subject;

// Limit of ActionDecision.reasons.
constexpr int kMaxReasons = 16;

// How far one action got.
struct Candidate {
  bool viable = false;
  v1::Channel channel = v1::CHANNEL_UNSPECIFIED;
  double propensity = 0;
  double value_minor = 0;
};

// A customer, with what is asked of them for every action worked out once.
struct Customer {
  const Case& facts;
  Subject subject;
  ChannelSet consented;
  ChannelSet reachable;
};

Customer CustomerOf(const Case& facts) {
  const v1::SelectItem& item = facts.item;
  return {facts,
          {item.profile(), item.has_segment() ? &item.segment() : nullptr},
          SetOf(item.consented_channels()),
          ReachableChannels(item.profile().customer())};
}

bool IsEligible(const CompiledAction& action, const Customer& customer, v1::Reason& loss) {
  if (action.eligibility.Matches(customer.subject)) return true;
  std::vector<v1::Reason> against = action.eligibility.Explain(customer.subject);
  if (against.empty()) {
    SetReason(loss, kNotEligible, "its eligibility rule matches nobody");
    return false;
  }
  loss = std::move(against.front());
  loss.set_code(std::string(kNotEligible));
  return false;
}

double AdjustedPropensity(const CompiledAction& action, const Subject& subject) {
  double propensity = action.propensity;
  for (const CompiledAdjustment& adjustment : action.adjustments) {
    if (adjustment.when.Matches(subject)) propensity *= adjustment.multiplier;
  }
  return std::min(propensity, 1.0);
}

// Constraints ask only for what the run does not hold already.
bool MayBeGiven(const CompiledOffers& offers, size_t index, const Customer& customer, absl::Time now,
                v1::Reason& loss) {
  const absl::optional<absl::string_view>& committed = customer.facts.committed_action_id;
  if (!committed) return MeetsConstraints(offers, index, customer.facts.standing, now, loss);
  if (*committed == offers.actions[index].decision.action_id()) return true;
  SetReason(loss, kAlreadyCommitted, absl::StrCat("this run has already sent ", *committed));
  AddFact(loss, "action_id", *committed);
  return false;
}

bool HasValue(const CompiledAction& action, const Candidate& candidate, absl::string_view currency, v1::Reason& loss) {
  if (candidate.value_minor > 0) return true;
  SetReason(loss, kNoExpectedValue,
            absl::StrCat("expected value ", FormatMoney(candidate.value_minor, currency), ": a response is worth ",
                         FormatMoney(action.worth_minor, currency), " at propensity ", candidate.propensity,
                         ", acting costs ", FormatMoney(static_cast<double>(action.cost_minor), currency)));
  return false;
}

// Takes the action through the filters, in order; the first that stops it writes to `losing`.
Candidate Evaluate(const CompiledOffers& offers, size_t index, const Customer& customer, absl::Time now,
                   v1::LosingCandidate& losing) {
  const CompiledAction& action = offers.actions[index];
  losing.set_action_id(action.decision.action_id());
  v1::Reason& loss = *losing.mutable_reason();
  Candidate candidate;
  if (!IsEligible(action, customer, loss)) return candidate;
  candidate.channel = ChooseChannel(action.channels, action.needs_consent ? customer.consented : kAllChannels,
                                    customer.reachable, loss);
  if (candidate.channel == v1::CHANNEL_UNSPECIFIED) return candidate;
  if (!MayBeGiven(offers, index, customer, now, loss)) return candidate;
  candidate.propensity = AdjustedPropensity(action, customer.subject);
  candidate.value_minor = candidate.propensity * action.worth_minor - static_cast<double>(action.cost_minor);
  losing.set_action_value_minor(candidate.value_minor);
  candidate.viable = HasValue(action, candidate, offers.config->currency_code(), loss);
  return candidate;
}

void ExplainLowerValue(const Candidate& candidate, const Candidate& best, const std::string& best_action_id,
                       absl::string_view currency, v1::Reason& loss) {
  SetReason(loss, kLowerValue,
            absl::StrCat("expected value ", FormatMoney(candidate.value_minor, currency), " is not above ",
                         FormatMoney(best.value_minor, currency), " of ", best_action_id));
}

void ExplainWin(const CompiledAction& action, const Candidate& candidate, absl::string_view currency,
                v1::ActionDecision& decision) {
  v1::Reason& reason = *decision.add_reasons();
  SetReason(reason, kWonByValue,
            absl::StrCat("greatest expected value, ", FormatMoney(candidate.value_minor, currency), ": propensity ",
                         candidate.propensity, " × ", FormatMoney(action.worth_minor, currency),
                         !action.price_variables.empty() ? " margin after discount - " : " worth of a response - ",
                         FormatMoney(static_cast<double>(action.cost_minor), currency), " cost"));
  AddFact(reason, "value_minor", absl::StrCat(candidate.value_minor));
  AddFact(reason, "propensity", absl::StrCat(candidate.propensity));
  AddFact(reason, "worth_minor", absl::StrCat(action.worth_minor));
  AddFact(reason, "cost_minor", absl::StrCat(action.cost_minor));
}

void ExplainChannel(const CompiledAction& action, v1::Channel channel, v1::ActionDecision& decision) {
  v1::Reason& reason = *decision.add_reasons();
  const absl::string_view name = ChannelName(channel);
  SetReason(reason, kChannelChosen,
            absl::StrCat(name, action.needs_consent ? " is the first channel with consent and an address"
                                                    : " is the first channel with an address; needs no consent"));
  AddFact(reason, "channel", name);
}

void ExplainAdjustments(const CompiledAction& action, const Subject& subject, v1::ActionDecision& decision) {
  for (const CompiledAdjustment& adjustment : action.adjustments) {
    if (decision.reasons_size() == kMaxReasons) return;
    if (!adjustment.when.Matches(subject)) continue;
    v1::Reason& reason = *decision.add_reasons();
    std::string text = absl::StrCat("propensity × ", adjustment.multiplier);
    absl::string_view separator = ": ";
    for (const v1::Reason& why : adjustment.when.Explain(subject)) {
      absl::StrAppend(&text, separator, why.text());
      separator = "; ";
      if (reason.facts_size() == 0) *reason.mutable_facts() = why.facts();
    }
    SetReason(reason, kPropensityAdjusted, std::move(text));
  }
}

void WriteWinner(const CompiledOffers& offers, const CompiledAction& action, const Candidate& candidate,
                 const Customer& customer, v1::ActionDecision& decision) {
  // The candidates are there already; the rest of the decision is the action's.
  decision.MergeFrom(action.decision);
  decision.set_channel(candidate.channel);
  decision.set_propensity(candidate.propensity);
  decision.set_action_value_minor(candidate.value_minor);
  ExplainWin(action, candidate, offers.config->currency_code(), decision);
  ExplainChannel(action, candidate.channel, decision);
  ExplainAdjustments(action, customer.subject, decision);
}

void WriteNone(v1::ActionDecision& decision) {
  decision.set_kind(v1::ACTION_KIND_NONE);
  SetReason(*decision.add_reasons(), kNothingEligible,
            absl::StrCat("none of ", decision.losing_candidates_size(), " actions is left; each says why"));
}

}  // namespace

const CompiledAction* Arbitrate(const CompiledOffers& offers, const Case& subject_case, absl::Time now,
                                v1::ActionDecision& decision) {
  const Customer customer = CustomerOf(subject_case);
  absl::InlinedVector<Candidate, 16> candidates(offers.actions.size());
  const Candidate* best = nullptr;
  for (size_t i = 0; i < candidates.size(); ++i) {
    candidates[i] = Evaluate(offers, i, customer, now, *decision.add_losing_candidates());
    if (candidates[i].viable && (best == nullptr || candidates[i].value_minor > best->value_minor)) {
      best = &candidates[i];
    }
  }
  if (best == nullptr) {
    WriteNone(decision);
    return nullptr;
  }
  const size_t winner = best - candidates.data();
  const CompiledAction& action = offers.actions[winner];
  for (size_t i = 0; i < candidates.size(); ++i) {
    if (!candidates[i].viable || i == winner) continue;
    ExplainLowerValue(candidates[i], *best, action.decision.action_id(), offers.config->currency_code(),
                      *decision.mutable_losing_candidates(static_cast<int>(i))->mutable_reason());
  }
  decision.mutable_losing_candidates()->DeleteSubrange(static_cast<int>(winner), 1);
  WriteWinner(offers, action, *best, customer, decision);
  return &action;
}

}  // namespace campaign::offer
