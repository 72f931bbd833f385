#include "services/offer/arbitration.h"

#include <numeric>
#include <string>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "services/offer/loss.h"
#include "services/offer/pricing.h"
#include "services/offer/reasons.h"

namespace campaign::offer {
namespace {

using rules::Subject;

// Limit of ActionDecision.reasons.
constexpr int kMaxReasons = 16;

using Candidates = absl::InlinedVector<Candidate, 16>;

// The candidate of the greatest priority, of equal ones the first. Past the end where none is left.
size_t GreatestOf(const CompiledOffers& offers, const Candidates& candidates) {
  size_t winner = candidates.size();
  for (size_t i = 0; i < candidates.size(); ++i) {
    if (!candidates[i].viable || i == offers.fallback) continue;
    if (winner == candidates.size() || candidates[i].priority.total > candidates[winner].priority.total) winner = i;
  }
  return winner;
}

// The fallback, where it may be done; else past the end.
size_t FallbackOf(const CompiledOffers& offers, const Candidates& candidates) {
  return offers.fallback && candidates[*offers.fallback].viable ? *offers.fallback : candidates.size();
}

ActionSet TakingPart(const CompiledOffers& offers, const Candidates& candidates) {
  ActionSet set = 0;
  for (size_t i = 0; i < candidates.size(); ++i) {
    if (candidates[i].viable && i != offers.fallback) set |= ActionSet{1} << i;
  }
  return set;
}

// Whether the priority is the value alone, so that amounts of money say it all.
bool IsValueAlone(const CompiledOffers& offers, const Priority& priority) {
  return offers.weighing.value && priority.without_value == 1;
}

void ExplainLowerValue(const CompiledOffers& offers, const Candidate& candidate, const Candidate& best,
                       const std::string& best_action_id, v1::Reason& reason) {
  const absl::string_view currency = offers.config->currency_code();
  if (IsValueAlone(offers, candidate.priority) && IsValueAlone(offers, best.priority)) {
    return SetReason(
        reason, kLowerValue,
        absl::StrCat("expected value ", FormatMoney(candidate.priority.value_minor, currency), " is not above ",
                     FormatMoney(best.priority.value_minor, currency), " of ", best_action_id));
  }
  SetReason(reason, kLowerValue,
            absl::StrCat("priority ", candidate.priority.total, " is not above ", best.priority.total, " of ",
                         best_action_id));
}

// Says what the draw would have had to be: each action's share of 0 to 1 lies where the shares before it end.
void ExplainNotDrawn(const CompiledOffers& offers, const Drawn& drawn, size_t index, v1::LosingCandidate& losing) {
  const std::vector<double>& probabilities = *drawn.probabilities;
  const double start = std::accumulate(probabilities.begin(), probabilities.begin() + static_cast<int>(index), 0.0);
  losing.set_draw_probability(probabilities[index]);
  SetReason(*losing.mutable_reason(), kNotDrawn,
            absl::StrCat("drawn with probability ", probabilities[index], "; ",
                         offers.actions[drawn.winner].decision.action_id(), " was"));
  const std::string range = absl::StrCat(start, " to ", start + probabilities[index]);
  Loss loss(losing);
  absl::StrAppend(&loss.AddChange(kOtherDraw, "uniform", range), "a draw from ", range, ", not ", drawn.uniform);
  loss.Finish();
}

void ExplainFallbackNotNeeded(bool viable, v1::LosingCandidate& losing) {
  if (viable) {
    SetReason(*losing.mutable_reason(), kFallbackNotNeeded, "done only where nothing else is left");
  }
  Loss loss(losing);
  loss.AddChange(kOthersMustLose, "fallback", "true").append("nothing else left");
  loss.Finish();
}

// Completes what Evaluate wrote of the losers, now that it is known what they had to beat: the winner's priority, or,
// in a draw, nothing but 0.
void ExplainLosers(const CompiledOffers& offers, const Candidates& candidates, size_t winner,
                   const absl::optional<Drawn>& drawn, v1::ActionDecision& decision) {
  const bool beaten = winner < candidates.size() && winner != offers.fallback;
  const double target = beaten && !drawn ? candidates[winner].priority.total : 0;
  for (size_t i = 0; i < candidates.size(); ++i) {
    if (i == winner) continue;
    v1::LosingCandidate& losing = *decision.mutable_losing_candidates(static_cast<int>(i));
    if (i == offers.fallback) {
      if (beaten && !candidates[i].hopeless) ExplainFallbackNotNeeded(candidates[i].viable, losing);
      continue;
    }
    if (candidates[i].viable && drawn) {
      ExplainNotDrawn(offers, *drawn, i, losing);
      continue;
    }
    if (candidates[i].viable) {
      ExplainLowerValue(offers, candidates[i], candidates[winner], offers.actions[winner].decision.action_id(),
                        *losing.mutable_reason());
    }
    ExplainRise(offers, candidates[i], target, drawn || !beaten || i > winner, losing);
  }
}

// "propensity 0.1 x context weight 1.5 x value 4.32 USD x lever 2": the factors that count.
std::string FormulaText(const Weighing& weighing, const Priority& priority, absl::string_view currency) {
  std::string text;
  const auto add = [&](bool counts, absl::string_view name, const absl::AlphaNum& factor) {
    if (counts) absl::StrAppend(&text, text.empty() ? "" : " x ", name, factor);
  };
  add(weighing.propensity, "propensity ", priority.propensity);
  add(weighing.context_weight, "context weight ", priority.context_weight);
  add(weighing.value, "value ", FormatMoney(priority.value_minor, currency));
  add(weighing.lever, "lever ", priority.lever);
  return text;
}

// "6.87 USD: propensity 0.08 x 87.15 USD margin after discount - 0.10 USD cost".
std::string ValueText(const CompiledAction& action, const Priority& priority, absl::string_view currency) {
  return absl::StrCat(FormatMoney(priority.value_minor, currency), ": ", action.uplift ? "uplift " : "propensity ",
                      priority.uplift, " x ", FormatMoney(action.worth_minor, currency),
                      !action.price_variables.empty() ? " margin after discount - " : " worth of a response - ",
                      FormatMoney(static_cast<double>(action.cost_minor), currency), " cost");
}

void ExplainWin(const CompiledOffers& offers, const CompiledAction& action, const Priority& priority,
                v1::ActionDecision& decision) {
  const absl::string_view currency = offers.config->currency_code();
  v1::Reason& reason = *decision.add_reasons();
  if (decision.fallback()) {
    SetReason(reason, kFallback,
              absl::StrCat("nothing else is left; expected value ", ValueText(action, priority, currency)));
  } else if (decision.has_draw_probability()) {
    SetReason(reason, kDrawn,
              absl::StrCat("drawn with probability ", decision.draw_probability(),
                           " by the responses so far; expected value ", ValueText(action, priority, currency)));
  } else if (IsValueAlone(offers, priority)) {
    SetReason(reason, kWonByValue, absl::StrCat("greatest expected value, ", ValueText(action, priority, currency)));
  } else {
    SetReason(
        reason, kWonByValue,
        absl::StrCat("greatest priority, ", priority.total, ": ", FormulaText(offers.weighing, priority, currency),
                     "; expected value ", ValueText(action, priority, currency)));
  }
  AddFact(reason, "value_minor", absl::AlphaNum(priority.value_minor).Piece());
  AddFact(reason, "propensity", absl::AlphaNum(priority.propensity).Piece());
  AddFact(reason, "worth_minor", absl::AlphaNum(action.worth_minor).Piece());
  AddFact(reason, "cost_minor", absl::AlphaNum(action.cost_minor).Piece());
}

// "6 of 10 messages by email, 1 of 8 by sms".
std::string ResponsesText(const PastResponses& responses, const Channels& usable) {
  std::string text;
  for (const v1::Channel channel : usable) {
    if (responses.messages(channel) == 0) continue;
    absl::StrAppend(&text, text.empty() ? "" : ", ", responses.responded(channel), " of ", responses.messages(channel),
                    text.empty() ? " messages" : "", " by ", ChannelName(channel));
  }
  return text;
}

void ExplainChannel(const CompiledAction& action, const PastResponses& responses, const Channels& usable,
                    v1::ActionDecision& decision) {
  v1::Reason& reason = *decision.add_reasons();
  const absl::string_view name = ChannelName(usable.front());
  AddFact(reason, "channel", name);
  if (responses.responded(usable.front()) == 0) {
    return SetReason(
        reason, kChannelChosen,
        absl::StrCat(name, action.needs_consent ? " is the first channel with consent and an address"
                                                : " is the first channel with an address; needs no consent"));
  }
  SetReason(reason, kChannelByResponses,
            absl::StrCat(name, " is the channel with the best responses: ", ResponsesText(responses, usable)));
  AddFact(reason, "messages", absl::AlphaNum(responses.messages(usable.front())).Piece());
  AddFact(reason, "responded", absl::AlphaNum(responses.responded(usable.front())).Piece());
}

void WriteChannels(const CompiledAction& action, const Customer& customer, v1::ActionDecision& decision) {
  const Channels usable =
      UsableChannels(action.channels, AllowedChannels(action, customer) & customer.reachable, customer.responses);
  decision.set_channel(usable.front());
  for (size_t i = 1; i < usable.size(); ++i) decision.add_fallback_channels(usable[i]);
  ExplainChannel(action, customer.responses, usable, decision);
}

void ExplainAdjustments(const std::vector<CompiledAdjustment>& adjustments, absl::string_view code,
                        absl::string_view words, const Subject& subject, v1::ActionDecision& decision) {
  for (const CompiledAdjustment& adjustment : adjustments) {
    if (decision.reasons_size() == kMaxReasons) return;
    if (!adjustment.when.Matches(subject)) continue;
    v1::Reason& reason = *decision.add_reasons();
    std::string text = absl::StrCat(words, adjustment.multiplier);
    absl::string_view separator = ": ";
    for (const v1::Reason& why : adjustment.when.Explain(subject)) {
      absl::StrAppend(&text, separator, why.text());
      separator = "; ";
      if (reason.facts_size() == 0) *reason.mutable_facts() = why.facts();
    }
    SetReason(reason, code, std::move(text));
  }
}

void ExplainAffinity(const CompiledOffers& offers, const Priority& priority, v1::ActionDecision& decision) {
  if (!priority.affinity || *priority.affinity <= 0 || decision.reasons_size() == kMaxReasons) return;
  v1::Reason& reason = *decision.add_reasons();
  SetReason(reason, kAffinity,
            absl::StrCat("context weight x ", 1 + offers.weighing.affinity_weight * *priority.affinity, ": ",
                         FormatPercent(*priority.affinity * 10'000),
                         " % of the customer's orders and views are in these categories"));
  AddFact(reason, "affinity", absl::AlphaNum(*priority.affinity).Piece());
}

void WriteWinner(const CompiledOffers& offers, size_t winner, const Candidate& candidate, const Customer& customer,
                 v1::ActionDecision& decision) {
  const CompiledAction& action = offers.actions[winner];
  // The candidates are there already; the rest of the decision is the action's.
  decision.MergeFrom(action.decision);
  decision.set_propensity(candidate.priority.propensity);
  decision.set_action_value_minor(candidate.priority.value_minor);
  decision.set_fallback(winner == offers.fallback);
  WriteFactors(action, candidate.priority, *decision.mutable_factors());
  ExplainWin(offers, action, candidate.priority, decision);
  WriteChannels(action, customer, decision);
  ExplainAdjustments(action.adjustments, kPropensityAdjusted, "propensity x ", customer.subject, decision);
  ExplainAdjustments(action.context_weights, kContextWeighed, "context weight x ", customer.subject, decision);
  ExplainAffinity(offers, candidate.priority, decision);
}

void WriteNone(v1::ActionDecision& decision) {
  decision.set_kind(v1::ACTION_KIND_NONE);
  SetReason(*decision.add_reasons(), kNothingEligible,
            absl::StrCat("none of ", decision.losing_candidates_size(), " actions is left; each says why"));
}

}  // namespace

const CompiledAction* Arbitrate(const CompiledOffers& offers, const Case& subject_case, absl::Time now, OfferDraw* draw,
                                v1::ActionDecision& decision) {
  const Customer customer = CustomerOf(offers, subject_case);
  Candidates candidates(offers.actions.size());
  decision.mutable_losing_candidates()->Reserve(static_cast<int>(candidates.size()));
  for (size_t i = 0; i < candidates.size(); ++i) {
    candidates[i] = Evaluate(offers, i, customer, now, *decision.add_losing_candidates());
  }
  absl::optional<Drawn> drawn;
  if (const ActionSet set = draw == nullptr ? 0 : TakingPart(offers, candidates); set != 0) {
    drawn = draw->Draw(set, subject_case.item.customer_run_id());
  }
  size_t winner = drawn ? drawn->winner : GreatestOf(offers, candidates);
  if (winner == candidates.size()) winner = FallbackOf(offers, candidates);
  ExplainLosers(offers, candidates, winner, drawn, decision);
  WriteCounted(offers.weighing, decision);
  if (winner == candidates.size()) {
    WriteNone(decision);
    return nullptr;
  }
  decision.mutable_losing_candidates()->DeleteSubrange(static_cast<int>(winner), 1);
  if (drawn) decision.set_draw_probability((*drawn->probabilities)[winner]);
  WriteWinner(offers, winner, candidates[winner], customer, decision);
  return &offers.actions[winner];
}

}  // namespace campaign::offer
