#include "services/offer/candidate.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <string>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/offer/loss.h"
#include "services/offer/pricing.h"
#include "services/offer/reasons.h"

namespace campaign::offer {
namespace {

struct StageName {
  absl::string_view code;
  absl::string_view text;
};

// In the order of CompiledAction::stages.
constexpr StageName kStages[] = {
    {kNotEligible, "not eligible"}, {kNotApplicable, "not applicable"}, {kNotSuitable, "not suitable"}};
static_assert(std::size(kStages) == std::tuple_size<decltype(CompiledAction::stages)>::value);

void AddChange(const rules::Change& change, Loss& loss) {
  std::string& text = loss.AddChange(kChangeCustomer, change.feature.name(), change.target);
  if (change.distance) {
    absl::StrAppend(&text, AmountText(*change.distance), *change.distance < 0 ? " less: " : " more: ");
  }
  absl::StrAppend(&text, change.goal);
}

// Says what of the customer is against the stage; its words stand in front of the comparison's own.
void ExplainStage(const StageName& stage, const rules::Feature& feature, const rules::Subject& subject,
                  v1::Reason& reason) {
  feature.Describe(subject, reason);
  std::string text = absl::StrCat(stage.text, ": ", reason.text());
  SetReason(reason, stage.code, std::move(text));
}

void CheckStages(const CompiledAction& action, const rules::Subject& subject, Loss& loss) {
  for (size_t i = 0; i < action.stages.size(); ++i) {
    const rules::CompiledRule& rule = action.stages[i];
    if (rule.empty() || rule.Matches(subject)) continue;
    bool first = loss.Add();
    rule.ForEachChange(subject, [&](const rules::Change& change) {
      if (first) ExplainStage(kStages[i], change.feature, subject, loss.reason());
      first = false;
      AddChange(change, loss);
    });
  }
}

// Constraints ask only for what the run does not hold already.
void CheckMayBeGiven(const CompiledOffers& offers, size_t index, const Customer& customer, absl::Time now, Loss& loss) {
  const absl::optional<absl::string_view>& committed = customer.facts.committed_action_id;
  if (!committed) return CheckConstraints(offers, index, customer.facts.standing, now, loss);
  if (*committed == offers.actions[index].decision.action_id()) return;
  loss.GiveUp();
  if (!loss.Add()) return;
  SetReason(loss.reason(), kAlreadyCommitted, absl::StrCat("this run has already sent ", *committed));
  AddFact(loss.reason(), "action_id", *committed);
}

void CheckValue(const CompiledOffers& offers, const CompiledAction& action, const Priority& priority, Loss& loss) {
  if (priority.total > 0) return;
  if (!loss.Add()) return;
  const absl::string_view currency = offers.config->currency_code();
  if (offers.weighing.value && priority.value_minor <= 0) {
    return SetReason(loss.reason(), kNoExpectedValue,
                     absl::StrCat("expected value ", FormatMoney(priority.value_minor, currency),
                                  ": a response is worth ", FormatMoney(action.worth_minor, currency),
                                  action.uplift ? " at uplift " : " at propensity ", priority.uplift, ", acting costs ",
                                  FormatMoney(static_cast<double>(action.cost_minor), currency)));
  }
  SetReason(loss.reason(), kNoPriority,
            absl::StrCat("no priority: propensity ", priority.propensity, ", context weight ", priority.context_weight,
                         ", lever ", priority.lever));
}

// Without `without_value` no value would help: then what is 0 has to be more.
void ExplainZeros(const Weighing& weighing, const Priority& priority, Loss& loss) {
  const auto explain = [&](bool counts, double factor, absl::string_view name, absl::string_view words) {
    if (counts && factor <= 0) absl::StrAppend(&loss.AddChange(kRaisePriority, name, "> 0"), words, " above 0");
  };
  explain(weighing.propensity, priority.propensity, "propensity", "propensity");
  explain(weighing.context_weight, priority.context_weight, "context_weight", "context weight");
  explain(weighing.lever, priority.lever, "lever", "lever");
}

// In whole minor units, what the value has to be.
void ExplainValueRise(const Priority& priority, double target, bool strict, absl::string_view currency, Loss& loss) {
  const double rise = target / priority.without_value - priority.value_minor;
  const double whole = std::max(1.0, strict ? std::floor(rise) + 1 : std::ceil(rise));
  const auto needed = static_cast<int64_t>(std::ceil(priority.value_minor + whole));
  absl::StrAppend(&loss.AddChange(kRaisePriority, "value_minor", absl::AlphaNum(needed).Piece()), "value up by ",
                  FormatMoney(whole, currency));
}

}  // namespace

Customer CustomerOf(const CompiledOffers& offers, const Case& facts) {
  const v1::SelectItem& item = facts.item;
  const bool by_affinity = offers.weighing.affinity_weight > 0;
  return {facts,
          {item.profile(), item.has_segment() ? &item.segment() : nullptr},
          SetOf(item.consented_channels()),
          ReachableChannels(item.profile().customer()),
          PastResponses(item.profile(), offers.config->channel_preference().min_messages()),
          by_affinity ? InterestOf(item.profile(), offers.weighing.view_weight) : 0};
}

ChannelSet AllowedChannels(const CompiledAction& action, const Customer& customer) {
  return action.needs_consent ? customer.consented : kAllChannels;
}

Candidate Evaluate(const CompiledOffers& offers, size_t index, const Customer& customer, absl::Time now,
                   v1::LosingCandidate& losing) {
  const CompiledAction& action = offers.actions[index];
  losing.set_action_id(action.decision.action_id());
  Loss loss(losing);
  Candidate candidate;
  candidate.priority = PriorityOf(offers.weighing, action, customer.subject, customer.interest);
  WriteFactors(action, candidate.priority, *losing.mutable_factors());
  CheckStages(action, customer.subject, loss);
  CheckChannels(action.channels, AllowedChannels(action, customer), customer.reachable, loss);
  CheckMayBeGiven(offers, index, customer, now, loss);
  if (!loss.any()) losing.set_action_value_minor(candidate.priority.value_minor);
  if (index != offers.fallback) CheckValue(offers, action, candidate.priority, loss);
  loss.Finish();
  candidate.viable = !loss.any();
  candidate.hopeless = loss.hopeless();
  return candidate;
}

void ExplainRise(const CompiledOffers& offers, const Candidate& candidate, double target, bool strict,
                 v1::LosingCandidate& losing) {
  const Priority& priority = candidate.priority;
  if (candidate.hopeless || priority.total > target || (!strict && priority.total == target)) return;
  Loss loss(losing);
  if (priority.without_value <= 0) {
    ExplainZeros(offers.weighing, priority, loss);
  } else if (offers.weighing.value) {
    ExplainValueRise(priority, target, strict, offers.config->currency_code(), loss);
  } else {
    // Whichever of its factors; the lever is the one that people set.
    absl::StrAppend(&loss.AddChange(kRaisePriority, "priority", AmountText(target)), "priority up by a factor of ",
                    AmountText(target / priority.total + (strict ? 0.01 : 0)));
  }
  loss.Finish();
}

}  // namespace campaign::offer
