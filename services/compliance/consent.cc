#include "services/compliance/consent.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/clock.h"
#include "common/status.h"
#include "services/compliance/frequency_cap.h"

namespace campaign::compliance {
namespace {

using State = ConsentAnswer::State;

// What a caller's clock may be ahead. A consent from further on would outlive every withdrawal until then.
constexpr absl::Duration kMostClockSkew = absl::Hours(1);

// Whether what was said for one purpose is about the purpose asked for.
bool IsAbout(absl::string_view said, absl::string_view asked) { return said.empty() || asked.empty() || said == asked; }

absl::Time EndOf(const ConsentRecord& record, const ConsentRule& rule) {
  if (record.legal_basis != v1::LEGAL_BASIS_IMPLIED_CONSENT) return record.expire_time;
  return std::min(record.expire_time, record.event_time + rule.implied_lasts);
}

// When all purposes, or the one asked for, were taken back last.
absl::Time WithdrawTime(absl::Span<const ConsentRecord> records, absl::string_view asked) {
  absl::Time time = absl::InfinitePast();
  for (const ConsentRecord& record : records) {
    if (record.purpose.empty() || record.purpose == asked) time = std::max(time, record.withdraw_time);
  }
  return time;
}

// How it stands with one consent, where `withdrawn` is when it was taken back.
State StateOf(const ConsentRecord& record, const ConsentRule& rule, absl::Time withdrawn, absl::Time now) {
  const bool express = record.legal_basis == v1::LEGAL_BASIS_EXPRESS_CONSENT;
  if (record.event_time <= withdrawn) return State::kWithdrawn;
  if (withdrawn != absl::InfinitePast() && !express) return State::kWithdrawn;
  if (EndOf(record, rule) <= now) return State::kExpired;
  return rule.accepts[record.legal_basis] ? State::kStands : State::kOtherBasis;
}

// The best consent that is about the purpose, or what is nearest to one.
ConsentAnswer BestOf(const ConsentRule& rule, absl::Span<const ConsentRecord> records, absl::string_view purpose,
                     absl::Time now) {
  const absl::Time withdrawn = WithdrawTime(records, purpose);
  ConsentAnswer best;
  const auto consider = [&](State state, const ConsentRecord& record) {
    // What stands beats all; a withdrawal says more than the rest; then what came so far.
    const bool better = best.record == nullptr || state == State::kStands ||
                        (state == State::kWithdrawn && best.state != State::kStands) ||
                        best.state == State::kOtherPurpose;
    if (better) best = {false, state, EndOf(record, rule), &record};
  };
  for (const ConsentRecord& record : records) {
    if (!IsAbout(record.purpose, purpose)) {
      if (record.granted) consider(State::kOtherPurpose, record);
    } else if (!record.granted) {
      consider(State::kWithdrawn, record);
    } else {
      consider(StateOf(record, rule, std::max(withdrawn, record.withdraw_time), now), record);
    }
  }
  return best;
}

// Whether the customer has ever said no, for this purpose or, where none is named, for any.
bool HasObjected(absl::Span<const ConsentRecord> records, absl::string_view purpose) {
  return std::any_of(records.begin(), records.end(), [&](const ConsentRecord& record) {
    return IsAbout(record.purpose, purpose) && record.withdraw_time != absl::InfinitePast();
  });
}

absl::string_view BasisName(v1::LegalBasis basis) {
  if (basis == v1::LEGAL_BASIS_IMPLIED_CONSENT) return "implied";
  return basis == v1::LEGAL_BASIS_LEGITIMATE_INTEREST ? "a legitimate interest" : "express";
}

// "never given", for a sentence that begins with the consent.
std::string StateText(const ConsentAnswer& answer) {
  switch (answer.state) {
    case State::kWithdrawn:
      return "withdrawn";
    case State::kExpired:
      return absl::StrCat("ended on ", absl::FormatTime("%Y-%m-%d", answer.time, absl::UTCTimeZone()));
    case State::kOtherBasis:
      return absl::StrCat("only ", BasisName(answer.record->legal_basis));
    case State::kOtherPurpose:
      return absl::StrCat("given for ", answer.record->purpose, " only");
    default:
      return "never given";
  }
}

}  // namespace

ConsentAnswer EvaluateConsent(const ConsentRule& rule, absl::Span<const ConsentRecord> records,
                              absl::string_view purpose, absl::Time now) {
  if (rule.needs == ConsentRule::Needs::kNothing) return {.allowed = true, .state = State::kNotNeeded};
  if (rule.needs == ConsentRule::Needs::kNoObjection && !HasObjected(records, purpose)) {
    return {.allowed = true, .state = State::kNotNeeded};
  }
  ConsentAnswer answer = BestOf(rule, records, purpose, now);
  answer.allowed = answer.state == State::kStands;
  return answer;
}

void CheckConsent(const Jurisdiction& jurisdiction, v1::Channel channel, v1::MessageClass message_class,
                  absl::Span<const ConsentRecord> records, absl::string_view purpose, absl::Time now,
                  Findings& findings) {
  const ConsentRule& rule = jurisdiction.RuleFor(channel, message_class);
  const ConsentAnswer answer = EvaluateConsent(rule, records, purpose, now);
  if (answer.allowed) return;
  const std::string state = StateText(answer);
  const absl::string_view verb = answer.state == State::kOtherBasis ? " is "
                                 : answer.state == State::kExpired  ? " "
                                                                    : " was ";
  v1::Reason& reason =
      findings.Add(v1::VERDICT_BLOCK, kNoConsent,
                   absl::StrCat("Consent to marketing by ", ChannelName(channel), purpose.empty() ? "" : " for ",
                                purpose, verb, state, "; ", rule.law, " asks for ", rule.NeedsText()));
  AddFact(reason, "channel", ChannelName(channel));
  AddFact(reason, "consent", state);
  AddFact(reason, "jurisdiction", jurisdiction.name);
  AddFact(reason, "law", rule.law);
  if (!purpose.empty()) AddFact(reason, "purpose", purpose);
}

absl::Status CheckConsentRequest(const v1::RecordConsentsRequest& request, absl::Time now) {
  for (int i = 0; i < request.consents_size(); ++i) {
    const v1::Consent& consent = request.consents(i);
    const std::string path = absl::StrCat("consents[", i, "]");
    if (consent.channel() == v1::CHANNEL_UNSPECIFIED) {
      return InvalidField(path + ".channel", "CHANNEL_UNSPECIFIED", "is no channel");
    }
    if (!consent.has_event_time()) return InvalidField(path + ".event_time", "none", "must be set");
    if (FromTimestamp(consent.event_time()) > now + kMostClockSkew) {
      return InvalidField(path + ".event_time", absl::FormatTime(FromTimestamp(consent.event_time())),
                          "is more than an hour in the future");
    }
    if (!consent.has_expire_time()) continue;
    const std::string expire_time = absl::FormatTime(FromTimestamp(consent.expire_time()));
    if (!consent.granted()) {
      return InvalidField(path + ".expire_time", expire_time, "is of a withdrawal, which does not end");
    }
    if (FromTimestamp(consent.expire_time()) <= FromTimestamp(consent.event_time())) {
      return InvalidField(path + ".expire_time", expire_time, "is not after event_time");
    }
  }
  return absl::OkStatus();
}

}  // namespace campaign::compliance
