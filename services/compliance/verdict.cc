#include "services/compliance/verdict.h"

#include <algorithm>

#include "common/clock.h"

namespace campaign::compliance {
namespace {

constexpr size_t kMaxReasons = 64;
constexpr size_t kMaxTextBytes = 1024;
constexpr size_t kMaxFactBytes = 2048;

v1::Verdict Severity(const Finding& finding) {
  const bool milder = finding.verdict == v1::VERDICT_DEFER || finding.verdict == v1::VERDICT_REVIEW;
  return milder ? finding.verdict : v1::VERDICT_BLOCK;
}

void FillPassed(const Findings& findings, v1::CheckResult& result) {
  v1::Reason& reason = *result.add_reasons();
  reason.set_code(kAllChecksPassed.data(), kAllChecksPassed.size());
  reason.set_text("Every check passed");
  for (const v1::Fact& fact : findings.passed) *reason.add_facts() = fact;
}

void FillReasons(const Findings& findings, v1::CheckResult& result) {
  for (const v1::Verdict verdict : {v1::VERDICT_BLOCK, v1::VERDICT_REVIEW, v1::VERDICT_DEFER}) {
    for (const Finding& finding : findings.list) {
      if (Severity(finding) != verdict) continue;
      if (static_cast<size_t>(result.reasons_size()) == kMaxReasons) return;
      *result.add_reasons() = finding.reason;
    }
  }
}

}  // namespace

absl::string_view CutUtf8(absl::string_view text, size_t max_bytes) {
  if (text.size() <= max_bytes) return text;
  size_t end = max_bytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end);
}

void AddFact(v1::Reason& reason, absl::string_view name, absl::string_view value) {
  v1::Fact& fact = *reason.add_facts();
  fact.set_name(name.data(), name.size());
  const absl::string_view cut = CutUtf8(value, kMaxFactBytes);
  fact.set_value(cut.data(), cut.size());
}

v1::Reason& Findings::Add(v1::Verdict verdict, absl::string_view code, absl::string_view text) {
  Finding& finding = list.emplace_back();
  finding.verdict = verdict;
  finding.reason.set_code(code.data(), code.size());
  const absl::string_view cut = CutUtf8(text, kMaxTextBytes);
  finding.reason.set_text(cut.data(), cut.size());
  return finding.reason;
}

void Findings::AddPassed(absl::string_view name, absl::string_view value) {
  v1::Fact& fact = passed.emplace_back();
  fact.set_name(name.data(), name.size());
  fact.set_value(value.data(), value.size());
}

v1::Verdict WorstVerdict(const Findings& findings) {
  v1::Verdict worst = v1::VERDICT_ALLOW;
  for (const Finding& finding : findings.list) worst = std::max(worst, Severity(finding));
  if (worst == v1::VERDICT_DEFER && !findings.defer_until.has_value()) return v1::VERDICT_BLOCK;
  return worst;
}

void FillResult(const Findings& findings, v1::CheckResult& result) {
  const v1::Verdict verdict = WorstVerdict(findings);
  result.set_verdict(verdict);
  if (verdict == v1::VERDICT_ALLOW) {
    FillPassed(findings, result);
  } else {
    FillReasons(findings, result);
  }
  for (const std::string& code : findings.red_flags) result.add_red_flags(code);
  if (verdict == v1::VERDICT_DEFER) *result.mutable_defer_until_time() = ToTimestamp(*findings.defer_until);
}

}  // namespace campaign::compliance
