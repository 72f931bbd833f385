#include "tools/campaignctl/step_text.h"

#include <cmath>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "tools/campaignctl/format.h"
#include "tools/campaignctl/message_text.h"
#include "tools/campaignctl/words.h"

namespace campaign::ctl {
namespace {

constexpr char kMargin[] = "      ";
constexpr char kDeeper[] = "        ";
constexpr char kDeepest[] = "          ";

std::string Line(absl::string_view text) { return Indent(text, kMargin); }

// "EMAIL, SMS"; "none".
template <class Enum>
std::string EnumList(const google::protobuf::RepeatedField<int>& values) {
  if (values.empty()) return "none";
  return absl::StrJoin(values, ", ",
                       [](std::string* out, int value) { absl::StrAppend(out, EnumText(static_cast<Enum>(value))); });
}

std::string RouterText(const v1::RouterResult& router) {
  return absl::StrCat(Line("consented channels: " + EnumList<v1::Channel>(router.consented_channels())),
                      Line("strategies to try: " + EnumList<v1::Strategy>(router.strategies())),
                      ReasonLines("left out:", router.reasons()));
}

std::string SegmentText(const v1::SegmentResult& segment) {
  std::string text = absl::StrCat("segment ", segment.segment());
  if (!segment.label().empty()) absl::StrAppend(&text, " (", segment.label(), ")");
  absl::StrAppendFormat(&text, " by %s, score %.2f", EnumText(segment.strategy()), segment.score());
  text = Line(text);
  if (segment.has_rfm()) {
    absl::StrAppend(&text, Line(absl::StrFormat("recency %d, frequency %d, monetary %d of 5", segment.rfm().recency(),
                                                segment.rfm().frequency(), segment.rfm().monetary())));
  }
  if (segment.has_churn_probability()) {
    absl::StrAppend(&text, Line(absl::StrFormat("churn probability %.2f", segment.churn_probability())));
  }
  if (segment.has_p_alive()) {
    absl::StrAppend(&text, Line(absl::StrFormat("alive %.2f, %.2f orders expected", segment.p_alive(),
                                                segment.expected_purchases())));
  }
  if (!segment.intent().empty()) absl::StrAppend(&text, Line("intent " + segment.intent()));
  if (!segment.model_version().empty()) absl::StrAppend(&text, Line("model " + segment.model_version()));
  return text + ReasonLines("why:", segment.reasons());
}

// " (PURCHASES_365D, newest 2026-06-03 12:00:00 UTC)": where the insight's fact came from.
std::string OriginText(const v1::Insight& insight, int fact) {
  if (fact >= insight.fact_sources_size() || fact >= insight.fact_time_seconds_size()) return "";
  google::protobuf::Timestamp time;
  time.set_seconds(insight.fact_time_seconds(fact));
  return absl::StrCat(" (", EnumText(insight.fact_sources(fact)),
                      time.seconds() == 0 ? ")" : absl::StrCat(", newest ", FormatTime(time), ")"));
}

std::string InsightsText(const v1::Insights& insights) {
  std::string text;
  for (const v1::Insight& insight : insights.insights()) {
    absl::StrAppend(&text, Line(absl::StrCat(EnumText(insight.kind()), ": ", insight.text())));
    for (int i = 0; i < insight.facts_size(); ++i) {
      const v1::Fact& fact = insight.facts(i);
      absl::StrAppend(&text, Indent(absl::StrCat(fact.name(), " = ", fact.value(), OriginText(insight, i)), kDeeper));
    }
  }
  return text.empty() ? Line("no insights") : text;
}

// The currency that the decision's own variables carry; amounts go without one otherwise.
std::string CurrencyOf(const v1::ActionDecision& decision) {
  for (const v1::Fact& variable : decision.variables()) {
    if (variable.name() == "currency") return variable.value();
  }
  return "";
}

// "priority 3.888 = context weight 1.5 x value 1.30 EUR x lever 2; not counted: propensity 0.12; affinity 0.25".
std::string FactorsText(const v1::PriorityFactors& factors, const v1::ActionDecision& decision) {
  std::string counted;
  std::string others;
  const auto add = [&](v1::PriorityFactor factor, absl::string_view text) {
    const bool counts = absl::c_linear_search(decision.counted_factors(), factor);
    std::string& list = counts ? counted : others;
    absl::StrAppend(&list, list.empty() ? "" : counts ? " x " : ", ", text);
  };
  add(v1::PRIORITY_FACTOR_PROPENSITY, absl::StrFormat("propensity %.4g", factors.propensity()));
  add(v1::PRIORITY_FACTOR_CONTEXT_WEIGHT,
      absl::StrFormat("context weight %.4g", factors.has_context_weight() ? factors.context_weight() : 1));
  add(v1::PRIORITY_FACTOR_VALUE,
      absl::StrCat("value ", FormatMoney(std::llround(factors.value_minor()), CurrencyOf(decision))));
  add(v1::PRIORITY_FACTOR_LEVER, absl::StrFormat("lever %.4g", factors.has_lever() ? factors.lever() : 1));
  std::string text = absl::StrFormat("priority %.6g = %s", factors.priority(), counted);
  if (!others.empty()) absl::StrAppend(&text, "; not counted: ", others);
  if (factors.has_uplift()) absl::StrAppendFormat(&text, "; uplift %.4g", factors.uplift());
  if (factors.has_affinity()) absl::StrAppendFormat(&text, "; affinity %.4g", factors.affinity());
  return text;
}

std::string LosingText(const v1::ActionDecision& decision) {
  if (decision.losing_candidates().empty()) return "";
  std::string text = Line("why not the others:");
  for (const v1::LosingCandidate& loser : decision.losing_candidates()) {
    std::string line = loser.action_id();
    if (loser.has_action_value_minor()) {
      absl::StrAppend(&line, " (", FormatMoney(std::llround(loser.action_value_minor()), CurrencyOf(decision)), ")");
    }
    absl::StrAppend(&line, ": ", FormatReason(loser.reason(), /*with_facts=*/true));
    absl::StrAppend(&text, Indent(line, kDeeper));
    if (loser.has_factors()) absl::StrAppend(&text, Indent(FactorsText(loser.factors(), decision), kDeepest));
    if (loser.has_smallest_change()) {
      absl::StrAppend(&text, Indent("to win: " + loser.smallest_change().text(), kDeepest));
    }
  }
  return text;
}

std::string ChosenText(const v1::ActionDecision& decision) {
  std::string line = absl::StrCat(EnumText(decision.kind()), " ", decision.action_id());
  if (!decision.name().empty()) absl::StrAppend(&line, " (", decision.name(), ")");
  absl::StrAppend(&line, " on ", EnumText(decision.channel()));
  const std::string value = FormatMoney(std::llround(decision.action_value_minor()), CurrencyOf(decision));
  if (decision.fallback()) absl::StrAppend(&line, ", the fallback");
  const std::string others = EnumList<v1::Channel>(decision.fallback_channels());
  return absl::StrCat(Line(line), decision.fallback_channels().empty() ? "" : Line("if that is refused: " + others),
                      Line(absl::StrFormat("expected value %s at propensity %.3f", value, decision.propensity())),
                      decision.has_factors() ? Line(FactorsText(decision.factors(), decision)) : "");
}

std::string DecisionText(const v1::ActionDecision& decision) {
  std::string text;
  if (decision.held_out()) {
    text = Line("held out: control group, nothing is sent");
  } else if (decision.kind() == v1::ACTION_KIND_NONE) {
    text = Line("no action");
  } else {
    text = ChosenText(decision);
  }
  for (const v1::Assignment& assignment : decision.assignments()) {
    absl::StrAppend(
        &text, Line(absl::StrCat("experiment ", assignment.experiment_id(), ": variant ", assignment.variant_id())));
  }
  return absl::StrCat(text, ReasonLines("why:", decision.reasons()), LosingText(decision));
}

std::string CheckText(const v1::CheckResult& check) {
  std::string text = EnumText(check.verdict());
  if (check.has_defer_until_time()) absl::StrAppend(&text, " until ", FormatTime(check.defer_until_time()));
  if (!check.red_flags().empty()) absl::StrAppend(&text, ", red flags: ", absl::StrJoin(check.red_flags(), ", "));
  return absl::StrCat(Line(text), ReasonLines("why:", check.reasons()));
}

std::string ReviewText(const v1::ReviewResult& review, bool with_html) {
  std::string text = Line(absl::StrCat(EnumText(review.decision()), " by ", review.reviewer()));
  if (!review.comment().empty()) absl::StrAppend(&text, Line("comment: " + review.comment()));
  if (!review.accepted_red_flags().empty()) {
    absl::StrAppend(&text, Line("accepted red flags: " + absl::StrJoin(review.accepted_red_flags(), ", ")));
  }
  if (review.has_message()) absl::StrAppend(&text, MessageText(review.message(), with_html));
  return text;
}

std::string ReceiptText(const v1::Receipt& receipt) {
  std::string text = absl::StrCat(EnumText(receipt.state()), " on ", EnumText(receipt.channel()));
  if (!receipt.provider().empty()) absl::StrAppend(&text, " by ", receipt.provider());
  absl::StrAppend(&text, ", ", receipt.attempt_count(), receipt.attempt_count() == 1 ? " attempt" : " attempts");
  if (receipt.has_retry_time()) absl::StrAppend(&text, ", next at ", FormatTime(receipt.retry_time()));
  const std::string& theirs = receipt.provider_message_id();
  return absl::StrCat(Line(text), Line("key " + receipt.idempotency_key()),
                      theirs.empty() ? "" : Line("the provider calls it " + theirs),
                      ReasonLines("why:", receipt.reasons()));
}

std::string ErrorText(const v1::ItemError& error) {
  return Line(absl::StrCat("error ", absl::StatusCodeToString(static_cast<absl::StatusCode>(error.code())),
                           error.reason().empty() ? "" : " " + error.reason(), ": ", error.message()));
}

}  // namespace

std::string ReasonLines(const std::string& title, const google::protobuf::RepeatedPtrField<v1::Reason>& reasons) {
  if (reasons.empty()) return "";
  std::string text = Line(title);
  for (const v1::Reason& reason : reasons) {
    absl::StrAppend(&text, Indent(FormatReason(reason, /*with_facts=*/true), kDeeper));
  }
  return text;
}

std::string StepResultText(const v1::StepRecord& step, bool with_html) {
  switch (step.result_case()) {
    case v1::StepRecord::kRouter:
      return RouterText(step.router());
    case v1::StepRecord::kSegment:
      return SegmentText(step.segment());
    case v1::StepRecord::kInsights:
      return InsightsText(step.insights());
    case v1::StepRecord::kDecision:
      return DecisionText(step.decision());
    case v1::StepRecord::kMessage:
      return MessageText(step.message(), with_html);
    case v1::StepRecord::kCheck:
      return CheckText(step.check());
    case v1::StepRecord::kReview:
      return ReviewText(step.review(), with_html);
    case v1::StepRecord::kReceipt:
      return ReceiptText(step.receipt());
    case v1::StepRecord::kError:
      return ErrorText(step.error());
    case v1::StepRecord::kSkipped:
      return Line("not walked: " + FormatReason(step.skipped(), /*with_facts=*/true));
    case v1::StepRecord::RESULT_NOT_SET:
      return "";
  }
  return "";
}

}  // namespace campaign::ctl
