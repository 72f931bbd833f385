#include "orchestrator/steps.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/channel.h"
#include "common/status.h"
#include "orchestrator/calls.h"
#include "orchestrator/router.h"

namespace campaign::orchestrator {
namespace {

using google::protobuf::Arena;

// How long RFM bounds are good for.
constexpr absl::Duration kCutoffsAge = absl::Minutes(10);
// And counted responses.
constexpr absl::Duration kReportAge = absl::Minutes(10);
// A selective rule over a million customers reads all of them.
constexpr absl::Duration kAudienceDeadline = absl::Minutes(2);

// Requests borrow what the batch's arena holds instead of copying it: both live on arenas, so nobody frees it, and the
// batch outlives the call.
template <class T>
T* Borrow(const T* message) {
  return const_cast<T*>(message);
}

// Three requests hold the profile, the largest part of each: it is serialized once. A message writes the fields that it
// does not know as they are, so that to whoever parses the request these bytes are its profile.
void PutProfile(Member& member, int field_number, google::protobuf::Message& item) {
  const v1::RouterResult* const router = member.progress.router;
  if (member.serialized_router != router) {
    router->profile().SerializeToString(&member.profile_bytes);
    member.serialized_router = router;
  }
  item.GetReflection()->MutableUnknownFields(&item)->AddLengthDelimited(field_number, member.profile_bytes);
}

v1::StepRecord* NewRecord(Batch& batch, v1::Step step) {
  auto* record = Arena::CreateMessage<v1::StepRecord>(&batch.arena);
  record->set_step(step);
  return record;
}

// Results of a response, one a member and in order, into records: the error, or what `take(result, record, index)`
// moves over (false: there was nothing).
template <class Results, class Take>
absl::StatusOr<std::vector<v1::StepRecord*>> ToRecords(Batch& batch, size_t member_count, Results* results, Take take) {
  const v1::Step step = batch.step();
  if (static_cast<size_t>(results->size()) != member_count) {
    return absl::InternalError(absl::StrCat(v1::Step_Name(step), ": ", member_count, " items were sent, ",
                                            results->size(), " results came back"));
  }
  std::vector<v1::StepRecord*> records;
  records.reserve(member_count);
  int index = 0;
  for (auto& result : *results) {
    v1::StepRecord* record = NewRecord(batch, step);
    records.push_back(record);
    if (result.has_error()) {
      record->unsafe_arena_set_allocated_error(result.mutable_error());
    } else if (!take(result, *record, index)) {
      record->mutable_error()->set_code(static_cast<int>(absl::StatusCode::kInternal));
      record->mutable_error()->set_reason("RESULT_EMPTY");
      record->mutable_error()->set_message(
          absl::StrCat(v1::Step_Name(step), " answered with nothing for this customer"));
    }
    ++index;
  }
  return records;
}

void Report(const Steps::Done& done, absl::StatusOr<std::vector<v1::StepRecord*>> records) {
  if (!records.ok()) return done(records.status(), {});
  done(absl::OkStatus(), *std::move(records));
}

// The `done` of a unary step call: takes the response's results over into records.
template <class Take>
auto Collect(Batch& batch, size_t member_count, Steps::Done done, Take take) {
  return [&batch, member_count, done = std::move(done), take](absl::Status status, auto* response) {
    if (!status.ok()) return done(status, {});
    Report(done, ToRecords(batch, member_count, response->mutable_results(), take));
  };
}

template <class Request, class Response>
auto NewCall(Batch& batch) {
  return std::make_shared<UnaryCall<Request, Response>>(batch.arena);
}

const v1::SegmentResult& UnknownSegment() {
  static const auto& unknown = *[] {
    auto* segment = new v1::SegmentResult();
    segment->set_segment("unknown");
    return segment;
  }();
  return unknown;
}

// What later steps decide on goes out with each request; why it came to be stays in the journal. Half of all bytes
// between the processes would be reasons otherwise.

// The segment without its reasons; "unknown" where the route has none.
void PutSegment(const Member& member, v1::SegmentResult& out) {
  const v1::SegmentResult& segment = member.progress.segment != nullptr ? *member.progress.segment : UnknownSegment();
  out.set_strategy(segment.strategy());
  out.set_segment(segment.segment());
  out.set_label(segment.label());
  out.set_score(segment.score());
  if (segment.has_rfm()) out.unsafe_arena_set_allocated_rfm(Borrow(&segment.rfm()));
  if (segment.has_churn_probability()) out.set_churn_probability(segment.churn_probability());
  if (segment.has_p_alive()) out.set_p_alive(segment.p_alive());
  if (segment.has_expected_purchases()) out.set_expected_purchases(segment.expected_purchases());
  if (segment.has_expected_order_minor()) out.set_expected_order_minor(segment.expected_order_minor());
  if (segment.has_expected_lifetime_value_minor()) {
    out.set_expected_lifetime_value_minor(segment.expected_lifetime_value_minor());
  }
  out.set_intent(segment.intent());
}

template <class Element>
void BorrowAll(const google::protobuf::RepeatedPtrField<Element>& from,
               google::protobuf::RepeatedPtrField<Element>& to) {
  for (const Element& element : from) to.UnsafeArenaAddAllocated(Borrow(&element));
}

// The facts of the insights, which templates may name.
void PutInsights(const v1::Insights& insights, v1::Insights& out) {
  for (const v1::Insight& insight : insights.insights()) {
    v1::Insight& facts = *out.add_insights();
    facts.set_kind(insight.kind());
    BorrowAll(insight.facts(), *facts.mutable_facts());
  }
}

// A replay decides as of then and leaves no trace.
template <class Request>
void SetDryRun(const Batch& batch, Request& request) {
  request.set_dry_run(batch.dry_run || batch.recorded != nullptr);
  if (batch.recorded != nullptr) *request.mutable_decide_time() = ToTimestamp(batch.decide_time);
}

// What is to be written, without why.
void PutDecision(const Progress& progress, v1::ActionDecision& out) {
  const v1::ActionDecision& decision = *progress.decision;
  out.set_kind(decision.kind());
  out.set_action_id(decision.action_id());
  out.set_name(decision.name());
  out.set_channel(ChannelOf(progress));
  out.set_template_id(decision.template_id());
  out.set_message_class(decision.message_class());
  BorrowAll(decision.variables(), *out.mutable_variables());
}

// Whether the customer is in the audience, and which strategies may be tried.
void DecideRoute(const CampaignPlan& plan, v1::RouterResult& router) {
  const rules::Subject subject{router.profile(), nullptr};
  if (plan.audience.Matches(subject)) return ChooseStrategies(plan, router.profile(), router);
  router.set_outside_audience(true);
  v1::Reason& reason = *router.add_reasons();
  reason.set_code(kOutsideAudience);
  const std::vector<v1::Reason> against = plan.audience.Explain(subject);
  reason.set_text(absl::StrCat("not in the campaign's audience", against.empty() ? "" : ": ",
                               against.empty() ? "" : against.front().text()));
}

void FillRunRecord(const Batch& batch, const Member& member, absl::Time now, v1::RunRecord& record) {
  record.set_customer_run_id(member.customer_run_id);
  record.set_campaign_run_id(member.campaign_run_id);
  record.set_campaign(batch.plan->campaign.name());
  record.set_customer_id(member.customer_id);
  record.set_state(member.end_state);
  const Progress& progress = member.progress;
  if (progress.segment != nullptr) record.set_segment(progress.segment->segment());
  if (progress.decision != nullptr) {
    record.set_action_kind(progress.decision->kind());
    record.set_action_id(progress.decision->action_id());
    record.set_channel(ChannelOf(progress));
    *record.mutable_assignments() = progress.decision->assignments();
  }
  for (const v1::Reason& reason : member.end_reasons) record.add_reason_codes(reason.code());
  *record.mutable_finish_time() = ToTimestamp(now);
}

void FillMessageSent(const Batch& batch, const Member& member, absl::Time now, v1::Event& event) {
  event.set_event_id(absl::StrCat(member.customer_run_id, "/sent"));
  event.set_customer_id(member.customer_id);
  *event.mutable_event_time() = ToTimestamp(now);
  v1::MessageSent& sent = *event.mutable_message_sent();
  sent.set_customer_run_id(member.customer_run_id);
  sent.set_campaign(batch.plan->campaign.name());
  sent.set_channel(member.progress.message->channel());
  if (member.progress.decision != nullptr) sent.set_action_id(member.progress.decision->action_id());
}

// What the customer saw of experiments, once the message is delivered.
void FillExposures(const Batch& batch, const Member& member, v1::OffersSettleReservationsRequest& request) {
  if (member.end_state != v1::CUSTOMER_RUN_STATE_DELIVERED || member.progress.decision == nullptr) return;
  for (const v1::Assignment& assignment : member.progress.decision->assignments()) {
    v1::Exposure& exposure = *request.add_exposures();
    exposure.set_campaign(batch.plan->campaign.name());
    exposure.set_customer_id(member.customer_id);
    exposure.set_experiment_id(assignment.experiment_id());
    exposure.set_variant_id(assignment.variant_id());
  }
}

// A message that may have gone out counts as sent.
v1::Settlement SettlementOf(const Member& member) {
  const v1::Receipt* receipt = member.progress.receipt;
  const bool may_be_out =
      member.progress.dispatch_failed || (receipt != nullptr && receipt->state() != v1::DELIVERY_STATE_REJECTED &&
                                          receipt->state() != v1::DELIVERY_STATE_RETRY_WAIT);
  return may_be_out ? v1::SETTLEMENT_COMMIT : v1::SETTLEMENT_RELEASE;
}

// False only where the service itself said that it holds nothing. A run that broke off may have reserved without the
// journal knowing: what is settled in vain costs nothing.
bool MayHaveReservation(const Member& member, v1::Step step) {
  switch (member.end_state) {
    case v1::CUSTOMER_RUN_STATE_HELD_OUT:
      return false;
    case v1::CUSTOMER_RUN_STATE_NO_ACTION:
      // With a decision for an action: of a route that sends nothing.
      return member.progress.decision != nullptr && member.progress.decision->kind() > v1::ACTION_KIND_NONE;
    case v1::CUSTOMER_RUN_STATE_SUPPRESSED:
      return step == v1::STEP_OFFER;
    default:
      return true;
  }
}

// The generator says so before it asks a language model for the first time.
constexpr char kModelAskedMetadata[] = "text-model-asked";

// What is left of an allotment. Of a call that broke off after the first question nobody knows: nothing.
int64_t Unspent(int64_t allotment, const absl::Status& status, const grpc::ClientContext& context,
                const v1::GenerateResponse& response) {
  if (allotment == 0) return 0;
  if (status.ok()) return allotment - std::clamp<int64_t>(response.text_model_spent_micros(), 0, allotment);
  return context.GetServerInitialMetadata().count(kModelAskedMetadata) == 0 ? allotment : 0;
}

}  // namespace

Steps::Steps(const Targets& targets, const Clock& clock)
    : clock_(clock),
      segmentation_(v1::Segmentation::NewStub(MakeChannel(targets.segmentation))),
      retrieval_(v1::Retrieval::NewStub(MakeChannel(targets.retrieval))),
      offers_(v1::Offers::NewStub(MakeChannel(targets.offer))),
      generator_(v1::Generator::NewStub(MakeChannel(targets.generator))),
      compliance_(v1::Compliance::NewStub(MakeChannel(targets.compliance))),
      delivery_(v1::Delivery::NewStub(MakeChannel(targets.delivery))),
      analytics_(v1::Analytics::NewStub(MakeChannel(targets.analytics))) {}

void Steps::Call(Batch& batch, std::vector<Member*> members, Done done) {
  switch (batch.step()) {
    case v1::STEP_ROUTER:
      return Router(batch, std::move(members), std::move(done));
    case v1::STEP_SEGMENTATION:
      return Segmentation(batch, std::move(members), std::move(done));
    case v1::STEP_RETRIEVAL:
      return Retrieval(batch, std::move(members), std::move(done));
    case v1::STEP_OFFER:
      return Offer(batch, std::move(members), std::move(done));
    case v1::STEP_GENERATION:
      return Generation(batch, std::move(members), std::move(done));
    case v1::STEP_COMPLIANCE:
      return Compliance(batch, std::move(members), std::move(done));
    case v1::STEP_DELIVERY:
      return Delivery(batch, std::move(members), std::move(done));
    case v1::STEP_ANALYTICS:
      return Analytics(batch, std::move(members), std::move(done));
    default:
      return done(absl::InternalError(absl::StrCat(v1::Step_Name(batch.step()), " has no service")), {});
  }
}

void Steps::Router(Batch& batch, std::vector<Member*> members, Done done) {
  if (batch.recorded != nullptr) return RouteAgain(batch, done);
  auto call = NewCall<v1::GetProfilesRequest, v1::GetProfilesResponse>(batch);
  for (const Member* member : members) call->request->add_customer_ids(member->customer_id);
  StartCall(
      call, kDeadline, [&](auto... a) { retrieval_->async()->GetProfiles(std::move(a)...); },
      [this, &batch, members, done](absl::Status status, v1::GetProfilesResponse* response) {
        if (status.ok() && static_cast<size_t>(response->results_size()) != members.size()) {
          status = absl::InternalError("GetProfiles answered for another number of customers");
        }
        if (!status.ok()) return done(status, {});
        RouteWithConsents(batch, members, *response, done);
      });
}

// Which consents a customer needs depends on where they live.
void Steps::RouteWithConsents(Batch& batch, const std::vector<Member*>& members, v1::GetProfilesResponse& profiles,
                              Done done) {
  auto call = NewCall<v1::GetConsentsRequest, v1::GetConsentsResponse>(batch);
  call->request->set_purpose(batch.plan->campaign.compliance().purpose());
  for (size_t i = 0; i < members.size(); ++i) {
    call->request->add_customer_ids(members[i]->customer_id);
    call->request->add_countries(profiles.results(static_cast<int>(i)).profile().customer().country());
  }
  StartCall(
      call, kDeadline, [&](auto... a) { compliance_->async()->GetConsents(std::move(a)...); },
      [&batch, &profiles, count = members.size(), done](absl::Status status, v1::GetConsentsResponse* consents) {
        if (status.ok() && static_cast<size_t>(consents->results_size()) != count) {
          status = absl::InternalError("GetConsents answered for another number of customers");
        }
        if (!status.ok()) return done(status, {});
        Report(done, ToRecords(batch, count, profiles.mutable_results(),
                               [&](v1::ProfileResult& result, v1::StepRecord& record, int i) {
                                 if (!result.has_profile()) return false;
                                 v1::RouterResult& router = *record.mutable_router();
                                 router.unsafe_arena_set_allocated_profile(result.mutable_profile());
                                 *router.mutable_consented_channels() = consents->results(i).channels();
                                 DecideRoute(*batch.plan, router);
                                 return true;
                               }));
      });
}

// From the recorded profile and consents: they are what the run was decided on.
void Steps::RouteAgain(Batch& batch, const Done& done) {
  const v1::RouterResult& recorded = batch.recorded->router();
  v1::StepRecord* record = NewRecord(batch, v1::STEP_ROUTER);
  *record->mutable_router()->mutable_profile() = recorded.profile();
  *record->mutable_router()->mutable_consented_channels() = recorded.consented_channels();
  DecideRoute(*batch.plan, *record->mutable_router());
  done(absl::OkStatus(), {record});
}

void Steps::Segmentation(Batch& batch, std::vector<Member*> members, Done done) {
  if (batch.recorded != nullptr) {
    return SegmentWithCutoffs(batch, std::move(members), batch.recorded->rfm_cutoffs(), std::move(done));
  }
  const v1::SegmentationConfig& config = batch.plan->campaign.segmentation();
  const auto& enabled = config.enabled_strategies();
  const bool rfm = std::find(enabled.begin(), enabled.end(), v1::STRATEGY_RFM) != enabled.end();
  if (!rfm || config.rfm().cutoffs().recency_days_size() > 0) {
    return SegmentWithCutoffs(batch, std::move(members), {}, std::move(done));
  }
  {
    absl::MutexLock lock(&cutoffs_mutex_);
    if (clock_.Now() - cutoffs_time_ < kCutoffsAge) {
      return SegmentWithCutoffs(batch, std::move(members), cutoffs_, std::move(done));
    }
  }
  auto call = NewCall<v1::GetRfmCutoffsRequest, v1::GetRfmCutoffsResponse>(batch);
  StartCall(
      call, kDeadline, [&](auto... a) { retrieval_->async()->GetRfmCutoffs(std::move(a)...); },
      [this, &batch, members, done](absl::Status status, const v1::GetRfmCutoffsResponse* response) {
        if (!status.ok()) return done(status, {});
        {
          absl::MutexLock lock(&cutoffs_mutex_);
          cutoffs_ = response->cutoffs();
          cutoffs_time_ = clock_.Now();
        }
        SegmentWithCutoffs(batch, members, response->cutoffs(), done);
      });
}

void Steps::SegmentWithCutoffs(Batch& batch, std::vector<Member*> members, const v1::RfmCutoffs& cutoffs, Done done) {
  auto call = NewCall<v1::SegmentRequest, v1::SegmentResponse>(batch);
  v1::SegmentRequest& request = *call->request;
  request.set_config_version(batch.plan->version);
  request.unsafe_arena_set_allocated_config(Borrow(&batch.plan->campaign.segmentation()));
  // They move, and every segment has its RFM scores by them: the records keep them, so that they can be decided again.
  auto* kept = Arena::CreateMessage<v1::RfmCutoffs>(&batch.arena);
  *kept = cutoffs;
  request.unsafe_arena_set_allocated_rfm_cutoffs(kept);
  for (Member* member : members) {
    v1::SegmentItem& item = *request.add_items();
    PutProfile(*member, v1::SegmentItem::kProfileFieldNumber, item);
    *item.mutable_strategies() = member->progress.router->strategies();
  }
  StartCall(
      call, kDeadline, [&](auto... a) { segmentation_->async()->Segment(std::move(a)...); },
      Collect(batch, members.size(), std::move(done),
              [kept](v1::SegmentItemResult& result, v1::StepRecord& record, int) {
                if (!result.has_segment()) return false;
                record.unsafe_arena_set_allocated_segment(result.mutable_segment());
                if (kept->recency_days_size() > 0) record.unsafe_arena_set_allocated_rfm_cutoffs(kept);
                return true;
              }));
}

void Steps::Retrieval(Batch& batch, std::vector<Member*> members, Done done) {
  auto call = NewCall<v1::GetInsightsRequest, v1::GetInsightsResponse>(batch);
  v1::GetInsightsRequest& request = *call->request;
  request.set_config_version(batch.plan->version);
  request.set_goal(batch.plan->campaign.goal());
  request.unsafe_arena_set_allocated_config(Borrow(&batch.plan->campaign.insights()));
  if (batch.recorded != nullptr) *request.mutable_as_of() = ToTimestamp(batch.decide_time);
  for (const Member* member : members) {
    v1::InsightItem& item = *request.add_items();
    item.set_customer_id(member->customer_id);
    item.set_segment((member->progress.segment != nullptr ? *member->progress.segment : UnknownSegment()).segment());
  }
  StartCall(
      call, kDeadline, [&](auto... a) { retrieval_->async()->GetInsights(std::move(a)...); },
      Collect(batch, members.size(), std::move(done), [](v1::InsightsResult& result, v1::StepRecord& record, int) {
        if (result.has_insights()) record.unsafe_arena_set_allocated_insights(result.mutable_insights());
        return result.has_insights();
      }));
}

void Steps::Offer(Batch& batch, std::vector<Member*> members, Done done) {
  // A replay is decided by the responses of then; which variants were chosen, offers has recorded.
  if (batch.recorded != nullptr) {
    return OfferWithResponses(batch, std::move(members), {}, batch.recorded->action_responses(), std::move(done));
  }
  const v1::OfferConfig& config = batch.plan->campaign.offers();
  WithReport(batch, LearnsFromResponses(config), v1::REPORT_DIMENSION_VARIANT,
             [this, &batch, &config, members, done](absl::Status status, const v1::GetReportResponse& by_variant) {
               if (!status.ok()) return done(status, {});
               const VariantResponses variants = ResponsesOf(config, by_variant);
               WithReport(batch, config.arbitration().has_thompson_sampling(), v1::REPORT_DIMENSION_OFFER,
                          [=, this, &batch, &config](absl::Status status, const v1::GetReportResponse& by_action) {
                            if (!status.ok()) return done(status, {});
                            OfferWithResponses(batch, members, variants, ActionResponsesOf(config, by_action), done);
                          });
             });
}

void Steps::WithReport(Batch& batch, bool needed, v1::ReportDimension dimension, ReportDone done) {
  if (!needed) return done(absl::OkStatus(), v1::GetReportResponse::default_instance());
  const std::pair<std::string, int> key = {batch.plan->campaign.name(), dimension};
  TimedReport last;
  {
    absl::MutexLock lock(&reports_mutex_);
    if (const auto it = reports_.find(key); it != reports_.end()) last = it->second;
  }
  if (clock_.Now() - last.time < kReportAge) return done(absl::OkStatus(), last.report);
  auto call = NewCall<v1::GetReportRequest, v1::GetReportResponse>(batch);
  call->request->set_campaign(key.first);
  call->request->set_dimension(dimension);
  StartCall(
      call, kDeadline, [&](auto... a) { analytics_->async()->GetReport(std::move(a)...); },
      [this, key, done](absl::Status status, const v1::GetReportResponse* response) {
        if (!status.ok()) return done(status, v1::GetReportResponse::default_instance());
        {
          absl::MutexLock lock(&reports_mutex_);
          reports_[key] = {*response, clock_.Now()};
        }
        done(absl::OkStatus(), *response);
      });
}

void Steps::OfferWithResponses(Batch& batch, std::vector<Member*> members, VariantResponses variants,
                               const ActionResponses& actions, Done done) {
  auto call = NewCall<v1::SelectActionsRequest, v1::SelectActionsResponse>(batch);
  v1::SelectActionsRequest& request = *call->request;
  request.set_campaign(batch.plan->campaign.name());
  request.set_config_version(batch.plan->version);
  SetDryRun(batch, request);
  request.unsafe_arena_set_allocated_config(Borrow(&batch.plan->campaign.offers()));
  *request.mutable_variant_responses() = std::move(variants);
  *request.mutable_action_responses() = actions;
  for (Member* member : members) {
    v1::SelectItem& item = *request.add_items();
    item.set_customer_run_id(member->customer_run_id);
    PutProfile(*member, v1::SelectItem::kProfileFieldNumber, item);
    PutSegment(*member, *item.mutable_segment());
    *item.mutable_consented_channels() = member->progress.router->consented_channels();
  }
  StartCall(
      call, kDeadline, [&](auto... a) { offers_->async()->SelectActions(std::move(a)...); },
      Collect(batch, members.size(), std::move(done),
              [&request](v1::SelectItemResult& result, v1::StepRecord& record, int) {
                if (!result.has_decision()) return false;
                record.unsafe_arena_set_allocated_decision(result.mutable_decision());
                // They move: what was drawn by them can be drawn again.
                if (!request.action_responses().empty())
                  *record.mutable_action_responses() = request.action_responses();
                return true;
              }));
}

bool Steps::AsksModel(const Batch& batch) {
  return batch.step() == v1::STEP_GENERATION && batch.recorded == nullptr && !batch.dry_run &&
         !batch.plan->campaign.generation().text_model().model().empty();
}

void Steps::Generation(Batch& batch, std::vector<Member*> members, Done done) {
  auto call = NewCall<v1::GenerateRequest, v1::GenerateResponse>(batch);
  v1::GenerateRequest& request = *call->request;
  request.set_config_version(batch.plan->version);
  request.unsafe_arena_set_allocated_config(Borrow(&batch.plan->campaign.generation()));
  request.set_campaign(batch.plan->campaign.name());
  const bool by_model = AsksModel(batch);
  const int64_t allotment = by_model ? batch.model_allotment : 0;
  request.set_templates_only(batch.recorded != nullptr || batch.dry_run);
  request.set_text_model_budget_micros(allotment);
  for (const Member* member : members) {
    v1::GenerateItem& item = *request.add_items();
    const Progress& progress = member->progress;
    item.set_customer_run_id(member->customer_run_id);
    // Templates name what the customer is, not what they did.
    item.mutable_profile()->unsafe_arena_set_allocated_customer(Borrow(&progress.router->profile().customer()));
    PutSegment(*member, *item.mutable_segment());
    if (progress.insights != nullptr) PutInsights(*progress.insights, *item.mutable_insights());
    if (progress.decision != nullptr) PutDecision(progress, *item.mutable_decision());
  }
  const auto collect =
      Collect(batch, members.size(), std::move(done), [](v1::GenerateItemResult& result, v1::StepRecord& record, int) {
        if (result.has_message()) record.unsafe_arena_set_allocated_message(result.mutable_message());
        return result.has_message();
      });
  StartCall(
      call, by_model ? kModelDeadline : kDeadline, [&](auto... a) { generator_->async()->Generate(std::move(a)...); },
      [&batch, allotment, context = &call->context, collect](absl::Status status, v1::GenerateResponse* response) {
        batch.model_unspent += Unspent(allotment, status, *context, *response);
        collect(std::move(status), response);
      });
}

void Steps::Compliance(Batch& batch, std::vector<Member*> members, Done done) {
  auto call = NewCall<v1::CheckRequest, v1::CheckResponse>(batch);
  v1::CheckRequest& request = *call->request;
  request.set_campaign(batch.plan->campaign.name());
  request.set_config_version(batch.plan->version);
  SetDryRun(batch, request);
  request.unsafe_arena_set_allocated_config(Borrow(&batch.plan->campaign.compliance()));
  for (Member* member : members) {
    v1::CheckItem& item = *request.add_items();
    const Progress& progress = member->progress;
    item.set_customer_run_id(member->customer_run_id);
    PutProfile(*member, v1::CheckItem::kProfileFieldNumber, item);
    PutSegment(*member, *item.mutable_segment());
    if (progress.message != nullptr) item.unsafe_arena_set_allocated_message(Borrow(progress.message));
    if (progress.review != nullptr) *item.mutable_accepted_red_flags() = progress.review->accepted_red_flags();
  }
  StartCall(
      call, kDeadline, [&](auto... a) { compliance_->async()->Check(std::move(a)...); },
      Collect(batch, members.size(), std::move(done), [](v1::CheckItemResult& result, v1::StepRecord& record, int) {
        if (result.has_check()) record.unsafe_arena_set_allocated_check(result.mutable_check());
        return result.has_check();
      }));
}

void Steps::Delivery(Batch& batch, std::vector<Member*> members, Done done) {
  auto call = NewCall<v1::DeliverRequest, v1::DeliverResponse>(batch);
  call->request->set_campaign(batch.plan->campaign.name());
  for (const Member* member : members) {
    v1::DeliverItem& item = *call->request->add_items();
    item.set_customer_run_id(member->customer_run_id);
    item.set_customer_id(member->customer_id);
    item.unsafe_arena_set_allocated_message(Borrow(member->progress.message));
  }
  StartCall(
      call, kDeadline, [&](auto... a) { delivery_->async()->Deliver(std::move(a)...); },
      Collect(batch, members.size(), std::move(done), [](v1::DeliverItemResult& result, v1::StepRecord& record, int) {
        if (result.has_receipt()) record.unsafe_arena_set_allocated_receipt(result.mutable_receipt());
        return result.has_receipt();
      }));
}

// Settles what was reserved, records the run, and tells retrieval what was sent: four calls at once, each idempotent.
void Steps::Analytics(Batch& batch, std::vector<Member*> members, Done done) {
  auto record = NewCall<v1::RecordRequest, v1::RecordResponse>(batch);
  auto offers = NewCall<v1::OffersSettleReservationsRequest, v1::OffersSettleReservationsResponse>(batch);
  auto slots = NewCall<v1::ComplianceSettleReservationsRequest, v1::ComplianceSettleReservationsResponse>(batch);
  v1::RecordEventsRequest events;
  const absl::Time now = clock_.Now();
  for (const Member* member : members) {
    FillRunRecord(batch, *member, now, *record->request->add_records());
    if (member->end_state == v1::CUSTOMER_RUN_STATE_DELIVERED)
      FillMessageSent(batch, *member, now, *events.add_events());
    v1::ReservationSettlement settlement;
    settlement.set_customer_run_id(member->customer_run_id);
    settlement.set_settlement(SettlementOf(*member));
    if (MayHaveReservation(*member, v1::STEP_OFFER)) *offers->request->add_settlements() = settlement;
    FillExposures(batch, *member, *offers->request);
    if (MayHaveReservation(*member, v1::STEP_COMPLIANCE)) *slots->request->add_settlements() = settlement;
  }
  const int parts = 1 + (events.events_size() > 0) + (offers->request->settlements_size() > 0) +
                    (slots->request->settlements_size() > 0);
  const auto finish = [&batch, count = members.size(), done = std::move(done)](absl::Status status) {
    if (!status.ok()) return done(status, {});
    std::vector<v1::StepRecord*> records;
    for (size_t i = 0; i < count; ++i) records.push_back(NewRecord(batch, v1::STEP_ANALYTICS));
    done(absl::OkStatus(), std::move(records));
  };
  auto join = std::make_shared<Join>(parts, finish);
  const auto report = [join](absl::Status status, const auto*) { join->Report(status); };
  // The request is filled before the first call starts: `batch` and its members may be gone once all have reported.
  const bool settle_offers = offers->request->settlements_size() > 0;
  const bool settle_slots = slots->request->settlements_size() > 0;
  if (events.events_size() > 0) {
    OneMessageStream<v1::RecordEventsRequest, v1::RecordEventsResponse>::Start(
        std::move(events), kDeadline, [&](auto... a) { retrieval_->async()->RecordEvents(a...); },
        [join](absl::Status status, const v1::RecordEventsResponse&) { join->Report(status); });
  }
  if (settle_offers) {
    StartCall(
        offers, kDeadline, [&](auto... a) { offers_->async()->SettleReservations(std::move(a)...); }, report);
  }
  if (settle_slots) {
    StartCall(
        slots, kDeadline, [&](auto... a) { compliance_->async()->SettleReservations(std::move(a)...); }, report);
  }
  StartCall(
      record, kDeadline, [&](auto... a) { analytics_->async()->Record(std::move(a)...); }, report);
}

void Steps::CheckConfiguration(std::shared_ptr<const CampaignPlan> plan, std::function<void(absl::Status)> done) {
  // A request without items: the service compiles what it is given and answers for nobody.
  auto arena = std::make_shared<Arena>();
  auto segment = std::make_shared<UnaryCall<v1::SegmentRequest, v1::SegmentResponse>>(*arena);
  auto insights = std::make_shared<UnaryCall<v1::GetInsightsRequest, v1::GetInsightsResponse>>(*arena);
  auto select = std::make_shared<UnaryCall<v1::SelectActionsRequest, v1::SelectActionsResponse>>(*arena);
  auto generate = std::make_shared<UnaryCall<v1::GenerateRequest, v1::GenerateResponse>>(*arena);
  auto check = std::make_shared<UnaryCall<v1::CheckRequest, v1::CheckResponse>>(*arena);
  const v1::Campaign& campaign = plan->campaign;
  *segment->request->mutable_config() = campaign.segmentation();
  *insights->request->mutable_config() = campaign.insights();
  insights->request->set_goal(campaign.goal());
  *select->request->mutable_config() = campaign.offers();
  select->request->set_campaign(campaign.name());
  *generate->request->mutable_config() = campaign.generation();
  generate->request->set_campaign(campaign.name());
  *check->request->mutable_config() = campaign.compliance();
  check->request->set_campaign(campaign.name());
  auto join = std::make_shared<Join>(campaign.has_offers() ? 5 : 4, std::move(done));
  const auto report = [&](absl::string_view part) {
    return [arena, join, part = std::string(part)](const absl::Status& status, const auto*) {
      // The service names fields from its own part on.
      absl::string_view message = status.message();
      absl::ConsumePrefix(&message, "config.");
      join->Report(status.code() == absl::StatusCode::kInvalidArgument
                       ? absl::InvalidArgumentError(absl::StrCat("campaign.", part, ".", message))
                       : status);
    };
  };
  for (std::string* version : {segment->request->mutable_config_version(), insights->request->mutable_config_version(),
                               select->request->mutable_config_version(), generate->request->mutable_config_version(),
                               check->request->mutable_config_version()}) {
    *version = plan->version;
  }
  StartCall(
      segment, kDeadline, [&](auto... a) { segmentation_->async()->Segment(std::move(a)...); }, report("segmentation"));
  StartCall(
      insights, kDeadline, [&](auto... a) { retrieval_->async()->GetInsights(std::move(a)...); }, report("insights"));
  StartCall(
      generate, kDeadline, [&](auto... a) { generator_->async()->Generate(std::move(a)...); }, report("generation"));
  StartCall(
      check, kDeadline, [&](auto... a) { compliance_->async()->Check(std::move(a)...); }, report("compliance"));
  // A route that offers nothing has nothing to check.
  if (!campaign.has_offers()) return;
  StartCall(
      select, kDeadline, [&](auto... a) { offers_->async()->SelectActions(std::move(a)...); }, report("offers"));
}

void Steps::QueryAudience(const v1::Rule& filter, const std::string& after, int64_t max_customers, AudienceDone done) {
  v1::QueryAudienceRequest request;
  *request.mutable_filter() = filter;
  request.set_after_customer_id(after);
  request.set_max_customers(max_customers);
  auto read = std::make_shared<AudiencePage>();
  ReadStream<v1::QueryAudienceRequest, v1::QueryAudienceResponse>::Start(
      std::move(request), kAudienceDeadline, [&](auto... a) { retrieval_->async()->QueryAudience(a...); },
      [read](v1::QueryAudienceResponse& page) {
        for (std::string& id : *page.mutable_customer_ids()) read->customer_ids.push_back(std::move(id));
        read->read_to = page.scanned_to_customer_id();
      },
      [read, done = std::move(done)](absl::Status status) { done(std::move(status), std::move(*read)); });
}

}  // namespace campaign::orchestrator
