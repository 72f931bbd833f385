#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "campaign/v1/compliance.pb.h"
#include "services/compliance/jurisdictions.h"
#include "services/compliance/verdict.h"

namespace campaign::compliance {

// What is known of a customer's consent on one channel for one purpose: what was said last, and when it was taken back
// last, if no express consent without an end came after that.
struct ConsentRecord {
  v1::Channel channel = v1::CHANNEL_UNSPECIFIED;
  std::string purpose;  // Empty: every purpose.
  bool granted = false;
  v1::LegalBasis legal_basis = v1::LEGAL_BASIS_EXPRESS_CONSENT;
  absl::Time event_time;
  absl::Time expire_time = absl::InfiniteFuture();
  absl::Time withdraw_time = absl::InfinitePast();  // InfinitePast: never.
};

// Whether a rule is satisfied, and how things stand.
struct ConsentAnswer {
  enum class State {
    kNotNeeded,     // The rule asks for nothing, or nothing was ever objected to.
    kStands,        // A consent that the rule accepts.
    kNeverGiven,    // Nothing is known, for this purpose.
    kWithdrawn,     // Taken back, and no express consent since.
    kExpired,       // It has ended, at `time`.
    kOtherBasis,    // One stands, but the rule does not accept its `legal_basis`.
    kOtherPurpose,  // One stands, for `record`'s purpose.
  };
  bool allowed = false;
  State state = State::kNeverGiven;
  absl::Time time;
  const ConsentRecord* record = nullptr;
};

// Decides by the rule, from all that is known of one customer and channel (each purpose at most once). `purpose` empty:
// a consent for any purpose will do. At the same time a withdrawal counts more than a consent; of several purposes
// those count that are the same or empty. A withdrawal is undone by a later express consent only (CAN-SPAM, 15 U.S.C.
// 7704(a)(4)(B); GDPR Art. 21(3)). Pure.
ConsentAnswer EvaluateConsent(const ConsentRule& rule, absl::Span<const ConsentRecord> records,
                              absl::string_view purpose, absl::Time now);

// Adds NO_CONSENT where EvaluateConsent does not allow it, with jurisdiction and law.
void CheckConsent(const Jurisdiction& jurisdiction, v1::Channel channel, v1::MessageClass message_class,
                  absl::Span<const ConsentRecord> records, absl::string_view purpose, absl::Time now,
                  Findings& findings);

// INVALID_ARGUMENT under "consents[i]": no channel, no event_time or one in the future, an end that is not after it, a
// withdrawal that ends.
absl::Status CheckConsentRequest(const v1::RecordConsentsRequest& request, absl::Time now);

}  // namespace campaign::compliance
