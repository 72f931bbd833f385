#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "campaign/v1/compliance.pb.h"

namespace campaign::compliance {

// Every check passed (the one reason of an ALLOW).
inline constexpr absl::string_view kAllChecksPassed = "ALL_CHECKS_PASSED";
// Something that a check needs is missing; the text says what.
inline constexpr absl::string_view kCheckNotEvaluable = "CHECK_NOT_EVALUABLE";
// The customer or the address is on the suppression list.
inline constexpr absl::string_view kSuppressed = "SUPPRESSED";
// Marketing without a recorded, standing consent for the channel.
inline constexpr absl::string_view kNoConsent = "NO_CONSENT";

// What one check found against a message: DEFER, REVIEW or BLOCK.
struct Finding {
  v1::Verdict verdict = v1::VERDICT_BLOCK;
  v1::Reason reason;
};

// What all checks found about one message.
struct Findings {
  std::vector<Finding> list;
  // First instant outside quiet hours, where the message is in them.
  absl::optional<absl::Time> defer_until;
  // Codes of the red flags raised, each once.
  std::vector<std::string> red_flags;
  // Short facts for an ALLOW.
  std::vector<v1::Fact> passed;

  // Adds a finding and returns its reason, to add facts to. `text` is cut to what the API takes.
  v1::Reason& Add(v1::Verdict verdict, absl::string_view code, absl::string_view text);
  void AddNotEvaluable(absl::string_view text) { Add(v1::VERDICT_BLOCK, kCheckNotEvaluable, text); }
  void AddPassed(absl::string_view name, absl::string_view value);
};

void AddFact(v1::Reason& reason, absl::string_view name, absl::string_view value);

// `text`, cut to at most `max_bytes` between two characters of UTF-8.
absl::string_view CutUtf8(absl::string_view text, size_t max_bytes);

// The worst of all findings, ALLOW where there is none: BLOCK > REVIEW > DEFER > ALLOW. A finding with any other
// verdict than DEFER or REVIEW counts as BLOCK. Never UNSPECIFIED.
v1::Verdict WorstVerdict(const Findings& findings);

// The answer: the worst verdict, every reason (worst first, at most 64), red flags, and for DEFER the time. A DEFER
// without a time is a BLOCK.
void FillResult(const Findings& findings, v1::CheckResult& result);

}  // namespace campaign::compliance
