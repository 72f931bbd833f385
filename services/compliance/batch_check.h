#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "campaign/v1/compliance.pb.h"
#include "services/compliance/compiled_compliance.h"
#include "services/compliance/compliance_store.h"
#include "services/compliance/consent_store.h"
#include "services/compliance/jurisdictions.h"
#include "services/compliance/suppression.h"
#include "services/compliance/suppression_store.h"
#include "services/compliance/verdict.h"
#include "services/compliance/zone_database.h"

namespace campaign::compliance {

// The checks of one request, in two parts: what the message and the profile say by themselves (the constructor, on any
// thread), then what depends on state that other requests change (Decide, in the transaction that also reserves).
// Every check is evaluated for every item. Not thread-safe; `request`, `zones` and `jurisdictions` must outlive it.
class BatchCheck {
 public:
  BatchCheck(const v1::CheckRequest& request, std::shared_ptr<const CompiledCompliance> compiled,
             const ZoneDatabase& zones, const Jurisdictions& jurisdictions, absl::Time now);

  // Checks suppression, consent and frequency caps, fills `response`, and reserves the slots of ALLOW and REVIEW, or
  // takes back an earlier reservation where there is neither. Only reads where the request is a dry run.
  void Decide(ComplianceStore& contacts, SuppressionStore& suppressions, ConsentStore& consents,
              v1::CheckResponse& response);

 private:
  // An item as the stateful checks see it.
  struct Item {
    const v1::CheckItem* item;
    MessageTargets targets;
    Findings findings;
    Overrides overrides;
    int64_t brand_id = 0;
  };

  void CheckSuppression(SuppressionStore& store, Item& item);
  void CheckConsentOf(ConsentStore& store, Item& item);
  void CheckCaps(ComplianceStore& store, Item& item);
  void Settle(ComplianceStore& store, const Item& item) const;
  Contact NextContact(const Item& item) const;
  int64_t BrandId(ComplianceStore& store, const std::string& brand);

  const v1::CheckRequest& request_;
  const std::shared_ptr<const CompiledCompliance> compiled_;
  const Jurisdictions& jurisdictions_;
  const absl::Time now_;
  FrequencyCapCheck caps_;
  int64_t campaign_id_ = 0;
  // A batch's messages are mostly of one brand.
  const std::string* last_brand_ = nullptr;
  int64_t last_brand_id_ = 0;
  std::vector<Item> items_;
  // Reused from item to item.
  std::vector<v1::Suppression> entries_;
  std::vector<ConsentRecord> consents_;
  std::vector<Contact> contacts_;
};

}  // namespace campaign::compliance
