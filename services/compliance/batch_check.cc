#include "services/compliance/batch_check.h"

#include <algorithm>
#include <utility>

#include "services/compliance/consent.h"

namespace campaign::compliance {
namespace {

const v1::Customer& CustomerOf(const v1::CheckItem& item) { return item.profile().customer(); }

// Names everything that the checks need and that the item lacks.
void CheckEvaluable(const v1::CheckItem& item, Findings& findings) {
  if (!item.has_profile()) {
    findings.AddNotEvaluable("There is no profile");
  } else if (CustomerOf(item).customer_id().empty()) {
    findings.AddNotEvaluable("The profile names no customer");
  }
  if (!item.has_message()) return findings.AddNotEvaluable("There is no message");
  if (item.message().channel() == v1::CHANNEL_UNSPECIFIED) findings.AddNotEvaluable("The message has no channel");
  if (item.message().address().empty()) findings.AddNotEvaluable("The message has no address");
}

}  // namespace

BatchCheck::BatchCheck(const v1::CheckRequest& request, std::shared_ptr<const CompiledCompliance> compiled,
                       const ZoneDatabase& zones, const Jurisdictions& jurisdictions, absl::Time now)
    : request_(request),
      compiled_(std::move(compiled)),
      jurisdictions_(jurisdictions),
      now_(now),
      caps_(compiled_->caps, zones, now) {
  absl::optional<QuietHoursCheck> quiet_hours;
  if (compiled_->quiet_hours.has_value()) quiet_hours.emplace(*compiled_->quiet_hours, zones, now);
  FoldedMessage folded;
  items_.reserve(request.items_size());
  for (const v1::CheckItem& item : request.items()) {
    Item& checked = items_.emplace_back(Item{&item, {}, {}, compiled_->overrides.For(item)});
    Findings& findings = checked.findings;
    CheckEvaluable(item, findings);
    checked.targets = MessageTargets::Of(CustomerOf(item), item.message(), findings);
    folded.Reset(item.message());
    if (item.has_message()) {
      CheckContent(item.message(), findings);
      CheckIdNumbers(item.message(), folded, findings);
      compiled_->required_texts.Check(item.message(), folded, findings);
      if (compiled_->content.has_value()) compiled_->content->Check(item.message(), folded, findings);
    }
    const std::vector<Quote> quotes = compiled_->phrases.Find(item, folded);
    compiled_->red_flags.Check(item, quotes, checked.overrides, findings);
    compiled_->forbidden_claims.Check(CustomerOf(item).country(), quotes, findings);
    if (quiet_hours.has_value()) quiet_hours->Check(CustomerOf(item), item.message(), findings);
  }
}

Contact BatchCheck::NextContact(const Item& item) const {
  const v1::Message& message = item.item->message();
  return {.campaign_id = campaign_id_,
          .channel = message.channel(),
          .message_class = ClassOf(message),
          .time = now_,
          .brand_id = item.brand_id};
}

void BatchCheck::CheckSuppression(SuppressionStore& store, Item& item) {
  const v1::Message& message = item.item->message();
  entries_.clear();
  item.targets.ForEach(CustomerOf(*item.item), message,
                       [&](TargetKind kind, absl::string_view key) { store.Find(kind, key, entries_); });
  CheckSuppressions(entries_, message, item.findings);
}

void BatchCheck::CheckConsentOf(ConsentStore& store, Item& item) {
  const v1::Message& message = item.item->message();
  const v1::Customer& customer = CustomerOf(*item.item);
  // CheckEvaluable has blocked it already and said what is missing.
  if (message.channel() == v1::CHANNEL_UNSPECIFIED || customer.customer_id().empty()) return;
  const Jurisdiction& jurisdiction = jurisdictions_.Of(customer.country());
  const v1::MessageClass message_class = ClassOf(message);
  if (jurisdiction.RuleFor(message.channel(), message_class).needs == ConsentRule::Needs::kNothing) return;
  store.Find(customer.customer_id(), message.channel(), consents_);
  CheckConsent(jurisdiction, message.channel(), message_class, consents_, compiled_->purpose, now_, item.findings);
}

void BatchCheck::CheckCaps(ComplianceStore& store, Item& item) {
  if (compiled_->caps.empty()) return;
  if (!store.FindContacts(CustomerOf(*item.item).customer_id(), item.item->customer_run_id(),
                          now_ - compiled_->longest_window, contacts_)) {
    return item.findings.AddNotEvaluable("The customer has had too many messages to count");
  }
  if (request_.has_decide_time()) {
    // Checked again as of then: what was sent since had not been.
    const auto is_later = [this](const Contact& contact) { return contact.time > now_; };
    contacts_.erase(std::remove_if(contacts_.begin(), contacts_.end(), is_later), contacts_.end());
  }
  const auto most = [&](int cap) { return item.overrides.MostMessages(cap); };
  caps_.Check(CustomerOf(*item.item).time_zone(), contacts_, NextContact(item), most, item.findings);
}

int64_t BatchCheck::BrandId(ComplianceStore& store, const std::string& brand) {
  if (last_brand_ == nullptr || *last_brand_ != brand) {
    last_brand_ = &brand;
    last_brand_id_ = request_.dry_run() ? store.FindBrand(brand) : store.FindOrAddBrand(brand);
  }
  return last_brand_id_;
}

void BatchCheck::Settle(ComplianceStore& store, const Item& item) const {
  const v1::Verdict verdict = WorstVerdict(item.findings);
  if (verdict == v1::VERDICT_ALLOW || verdict == v1::VERDICT_REVIEW) {
    store.Reserve(item.item->customer_run_id(), CustomerOf(*item.item).customer_id(), NextContact(item));
  } else {
    store.Release(item.item->customer_run_id());
  }
}

void BatchCheck::Decide(ComplianceStore& contacts, SuppressionStore& suppressions, ConsentStore& consents,
                        v1::CheckResponse& response) {
  campaign_id_ =
      request_.dry_run() ? contacts.FindCampaign(request_.campaign()) : contacts.FindOrAddCampaign(request_.campaign());
  response.mutable_results()->Reserve(static_cast<int>(items_.size()));
  for (Item& item : items_) {
    item.brand_id = BrandId(contacts, item.item->message().brand());
    CheckSuppression(suppressions, item);
    CheckConsentOf(consents, item);
    CheckCaps(contacts, item);
    if (!request_.dry_run()) Settle(contacts, item);
    FillResult(item.findings, *response.add_results()->mutable_check());
  }
}

}  // namespace campaign::compliance
