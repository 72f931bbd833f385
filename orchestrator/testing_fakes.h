#pragma once

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/synchronization/mutex.h"
#include "campaign/v1/analytics.grpc.pb.h"
#include "campaign/v1/compliance.grpc.pb.h"
#include "campaign/v1/delivery.grpc.pb.h"
#include "campaign/v1/generator.grpc.pb.h"
#include "campaign/v1/offers.grpc.pb.h"
#include "campaign/v1/retrieval.grpc.pb.h"
#include "campaign/v1/segmentation.grpc.pb.h"
#include "common/server.h"
#include "common/testing/testing.h"
#include "orchestrator/steps.h"

// One server that plays all seven services: every customer exists, gets an offer, is allowed and delivered, unless a
// test's hook says otherwise.
namespace campaign::orchestrator {

class FakeServices {
 public:
  // Called with "Rpc" and the customers (or customer runs) of the call before it is answered. An error is the answer.
  using Hook = std::function<grpc::Status(const std::string& rpc, const std::vector<std::string>& ids)>;
  // The check of a customer run.
  using Check = std::function<v1::CheckResult(const std::string& customer_run_id)>;
  // The check of a message, the error in place of one, what becomes of a dispatch.
  using MessageCheck = std::function<v1::CheckResult(const v1::CheckItem& item)>;
  using GenerateError = std::function<absl::optional<v1::ItemError>(const v1::GenerateItem& item)>;
  using Dispatch = std::function<v1::Receipt(const v1::DeliverItem& item)>;

  explicit FakeServices(const ServerOptions& options = {}) {
    auto server = Server::Start(
        "127.0.0.1:0", {&segmentation_, &retrieval_, &offers_, &generator_, &compliance_, &delivery_, &analytics_},
        options);
    EXPECT_OK(server);
    server_ = *std::move(server);
  }

  Steps::Targets targets() const {
    const std::string at = absl::StrCat("127.0.0.1:", server_->port());
    return {at, at, at, at, at, at, at};
  }
  void set_hook(Hook hook) {
    absl::MutexLock lock(&mutex_);
    hook_ = std::move(hook);
  }
  void set_check(Check check) {
    absl::MutexLock lock(&mutex_);
    check_ = std::move(check);
  }
  void set_message_check(MessageCheck check) {
    absl::MutexLock lock(&mutex_);
    message_check_ = std::move(check);
  }
  void set_generate_error(GenerateError error) {
    absl::MutexLock lock(&mutex_);
    generate_error_ = std::move(error);
  }
  void set_dispatch(Dispatch dispatch) {
    absl::MutexLock lock(&mutex_);
    dispatch_ = std::move(dispatch);
  }
  // What the ledger says from now on, as if somebody had resolved it.
  void SetReceipt(const std::string& customer_run_id, v1::Channel channel, const v1::Receipt& receipt) {
    absl::MutexLock lock(&mutex_);
    ledger_[{customer_run_id, channel}] = receipt;
  }
  void AddFeedback(const v1::Feedback& feedback) {
    absl::MutexLock lock(&mutex_);
    feedback_.push_back(feedback);
    feedback_.back().set_feedback_id(static_cast<int64_t>(feedback_.size()));
  }
  // What each message costs of a language model's budget, as long as there is enough.
  void set_model_cost_micros(int64_t cost) {
    absl::MutexLock lock(&mutex_);
    model_cost_micros_ = cost;
  }
  // Customer runs that analytics does not know, so that it refuses their responses.
  void set_unknown_run(const std::string& customer_run_id) {
    absl::MutexLock lock(&mutex_);
    unknown_run_ = customer_run_id;
  }
  // "<customer run> <channel>" of everything that went out, in order.
  std::vector<std::string> sent() {
    absl::MutexLock lock(&mutex_);
    return sent_;
  }
  // Every call of `rpc` so far, "id id id".
  std::vector<std::string> calls(const std::string& rpc) {
    absl::MutexLock lock(&mutex_);
    std::vector<std::string> result;
    for (const auto& [name, ids] : calls_) {
      if (name == rpc) result.push_back(ids);
    }
    return result;
  }
  std::vector<v1::RunRecord> records() {
    absl::MutexLock lock(&mutex_);
    return records_;
  }
  // "<customer run> COMMIT|RELEASE" of both services, sorted by call.
  std::vector<std::string> settlements() {
    absl::MutexLock lock(&mutex_);
    return settlements_;
  }
  // How many audiences stop after their first message, until the call is cancelled.
  std::atomic<int> hanging_audiences = 0;

  // Messages that went out; one for each customer run where nobody falls back.
  int sent_count() { return static_cast<int>(sent().size()); }

 private:
  grpc::Status Begin(const std::string& rpc, const std::vector<std::string>& ids) {
    Hook hook;
    {
      absl::MutexLock lock(&mutex_);
      calls_.emplace_back(rpc, absl::StrJoin(ids, " "));
      hook = hook_;
    }
    return hook ? hook(rpc, ids) : grpc::Status::OK;
  }
  void Note(const std::string& rpc, const std::string& what) {
    absl::MutexLock lock(&mutex_);
    calls_.emplace_back(rpc, what);
  }
  // From the ledger, or by the hook; ACCEPTED without one.
  v1::Receipt Deliver(const v1::DeliverItem& item) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const v1::Channel channel = item.message().channel();
    v1::Receipt& receipt = ledger_[{item.customer_run_id(), channel}];
    if (receipt.state() != v1::DELIVERY_STATE_UNSPECIFIED && receipt.state() != v1::DELIVERY_STATE_RETRY_WAIT) {
      return receipt;
    }
    receipt.set_state(v1::DELIVERY_STATE_ACCEPTED);
    if (dispatch_) receipt = dispatch_(item);
    receipt.set_channel(channel);
    if (receipt.state() == v1::DELIVERY_STATE_ACCEPTED) {
      sent_.push_back(absl::StrCat(item.customer_run_id(), " ", v1::Channel_Name(channel).substr(8)));
    }
    return receipt;
  }
  template <class Items>
  static std::vector<std::string> RunIds(const Items& items) {
    std::vector<std::string> ids;
    for (const auto& item : items) ids.push_back(item.customer_run_id());
    return ids;
  }
  template <class Request>
  grpc::Status Settle(const std::string& service, const Request& request) {
    absl::MutexLock lock(&mutex_);
    for (const auto& one : request.settlements()) {
      settlements_.push_back(absl::StrCat(service, " ", one.customer_run_id(),
                                          one.settlement() == v1::SETTLEMENT_COMMIT ? " COMMIT" : " RELEASE"));
    }
    return grpc::Status::OK;
  }

  class Segmentation final : public v1::Segmentation::Service {
   public:
    explicit Segmentation(FakeServices& fakes) : fakes_(fakes) {}
    grpc::Status Segment(grpc::ServerContext*, const v1::SegmentRequest* request,
                         v1::SegmentResponse* response) override {
      std::vector<std::string> ids;
      for (const auto& item : request->items()) {
        ids.push_back(item.profile().customer().customer_id());
        response->add_results()->mutable_segment()->set_segment("dormant");
      }
      return fakes_.Begin("Segment", ids);
    }

   private:
    FakeServices& fakes_;
  };

  class Retrieval final : public v1::Retrieval::Service {
   public:
    explicit Retrieval(FakeServices& fakes) : fakes_(fakes) {}
    grpc::Status GetProfiles(grpc::ServerContext*, const v1::GetProfilesRequest* request,
                             v1::GetProfilesResponse* response) override {
      for (const std::string& id : request->customer_ids()) {
        v1::Profile& profile = *response->add_results()->mutable_profile();
        profile.mutable_customer()->set_customer_id(id);
        profile.mutable_customer()->set_country("DE");
        profile.set_days_since_last_purchase(100);
        profile.set_days_since_last_activity(90);
      }
      return fakes_.Begin("GetProfiles", {request->customer_ids().begin(), request->customer_ids().end()});
    }
    grpc::Status GetInsights(grpc::ServerContext*, const v1::GetInsightsRequest* request,
                             v1::GetInsightsResponse* response) override {
      for (int i = 0; i < request->items_size(); ++i) response->add_results()->mutable_insights();
      return grpc::Status::OK;
    }
    grpc::Status GetRfmCutoffs(grpc::ServerContext*, const v1::GetRfmCutoffsRequest*,
                               v1::GetRfmCutoffsResponse*) override {
      return grpc::Status::OK;
    }
    // Customers a000 to a009, four a message; after each "Page <first> <last>".
    grpc::Status QueryAudience(grpc::ServerContext* context, const v1::QueryAudienceRequest* request,
                               grpc::ServerWriter<v1::QueryAudienceResponse>* writer) override {
      v1::QueryAudienceResponse page;
      grpc::Status status = fakes_.Begin("QueryAudience", {request->after_customer_id()});
      int left = static_cast<int>(request->max_customers());
      for (int i = 0; i < 10 && left > 0 && status.ok(); ++i) {
        const std::string id = absl::StrCat("a00", i);
        if (id <= request->after_customer_id()) continue;
        page.add_customer_ids(id);
        page.set_scanned_to_customer_id(id);
        --left;
        if (page.customer_ids_size() < 4 && i < 9 && left > 0) continue;
        writer->Write(page);
        if (fakes_.hanging_audiences > 0 && fakes_.hanging_audiences-- > 0) {
          while (!context->IsCancelled()) std::this_thread::yield();
        }
        status = fakes_.Begin("Page", {page.customer_ids(0), id});
        page.Clear();
      }
      return status;
    }
    grpc::Status RecordEvents(grpc::ServerContext*, grpc::ServerReader<v1::RecordEventsRequest>* reader,
                              v1::RecordEventsResponse*) override {
      v1::RecordEventsRequest request;
      std::vector<std::string> ids;
      while (reader->Read(&request)) {
        for (const v1::Event& event : request.events()) {
          if (event.has_message_sent()) ids.push_back(event.message_sent().customer_run_id());
          if (event.has_message_response()) {
            ids.push_back(absl::StrCat(event.customer_id(), "/", event.message_response().customer_run_id(), "/",
                                       v1::ResponseKind_Name(event.message_response().kind()).substr(14)));
          }
        }
      }
      return fakes_.Begin("RecordEvents", ids);
    }

   private:
    FakeServices& fakes_;
  };

  class Offers final : public v1::Offers::Service {
   public:
    explicit Offers(FakeServices& fakes) : fakes_(fakes) {}
    grpc::Status SelectActions(grpc::ServerContext*, const v1::SelectActionsRequest* request,
                               v1::SelectActionsResponse* response) override {
      for (int i = 0; i < request->items_size(); ++i) {
        v1::ActionDecision& decision = *response->add_results()->mutable_decision();
        decision.set_kind(v1::ACTION_KIND_NUDGE);
        decision.set_action_id("hello");
        // Every channel of the campaign can be used.
        const auto& channels = request->config().channel_priority();
        decision.set_channel(static_cast<v1::Channel>(channels.empty() ? 0 : channels[0]));
        for (int c = 1; c < channels.size(); ++c) decision.add_fallback_channels(static_cast<v1::Channel>(channels[c]));
        for (const v1::Experiment& experiment : request->config().experiments()) {
          v1::Assignment& assignment = *decision.add_assignments();
          assignment.set_experiment_id(experiment.experiment_id());
          assignment.set_variant_id(experiment.variants(0).variant_id());
        }
      }
      for (const v1::VariantResponses& responses : request->variant_responses()) {
        fakes_.Note("VariantResponses", absl::StrCat(responses.experiment_id(), "/", responses.variant_id(), " ",
                                                     responses.success_count(), " of ", responses.exposure_count()));
      }
      for (const v1::ActionResponses& responses : request->action_responses()) {
        fakes_.Note("ActionResponses", absl::StrCat(responses.action_id(), " ", responses.success_count(), " of ",
                                                    responses.exposure_count()));
      }
      return fakes_.Begin("SelectActions", RunIds(request->items()));
    }
    grpc::Status SettleReservations(grpc::ServerContext*, const v1::OffersSettleReservationsRequest* request,
                                    v1::OffersSettleReservationsResponse*) override {
      for (const v1::Exposure& exposure : request->exposures()) {
        fakes_.Note("Exposures", absl::StrCat(exposure.campaign(), " ", exposure.customer_id(), " ",
                                              exposure.experiment_id(), "/", exposure.variant_id()));
      }
      return fakes_.Settle("offer", *request);
    }

   private:
    FakeServices& fakes_;
  };

  class Generator final : public v1::Generator::Service {
   public:
    explicit Generator(FakeServices& fakes) : fakes_(fakes) {}
    grpc::Status Generate(grpc::ServerContext* context, const v1::GenerateRequest* request,
                          v1::GenerateResponse* response) override {
      FakeServices::GenerateError error_of;
      int64_t model_cost = 0;
      {
        absl::MutexLock lock(&fakes_.mutex_);
        error_of = fakes_.generate_error_;
        model_cost = fakes_.model_cost_micros_;
      }
      if (const int64_t budget = request->text_model_budget_micros(); budget > 0) {
        fakes_.Note("GenerateBudget", absl::StrCat(budget));
        response->set_text_model_spent_micros(std::min(budget, model_cost * request->items_size()));
        if (model_cost > 0) context->AddInitialMetadata("text-model-asked", "1");
      }
      for (const auto& item : request->items()) {
        const auto error = error_of ? error_of(item) : absl::nullopt;
        if (error.has_value()) {
          *response->add_results()->mutable_error() = *error;
          continue;
        }
        v1::Message& message = *response->add_results()->mutable_message();
        message.set_channel(item.decision().channel());
        message.set_text(absl::StrCat("Hello ", item.profile().customer().customer_id()));
      }
      fakes_.Note("GenerateRequest",
                  absl::StrCat(request->campaign(), request->templates_only() ? " by templates only" : ""));
      return fakes_.Begin("Generate", RunIds(request->items()));
    }

   private:
    FakeServices& fakes_;
  };

  class Compliance final : public v1::Compliance::Service {
   public:
    explicit Compliance(FakeServices& fakes) : fakes_(fakes) {}
    grpc::Status GetConsents(grpc::ServerContext*, const v1::GetConsentsRequest* request,
                             v1::GetConsentsResponse* response) override {
      for (int i = 0; i < request->customer_ids_size(); ++i) response->add_results()->add_channels(v1::CHANNEL_EMAIL);
      fakes_.Note("GetConsents", absl::StrCat(absl::StrJoin(request->countries(), ","), " ", request->purpose()));
      return grpc::Status::OK;
    }
    grpc::Status Check(grpc::ServerContext*, const v1::CheckRequest* request, v1::CheckResponse* response) override {
      FakeServices::Check check;
      FakeServices::MessageCheck message_check;
      {
        absl::MutexLock lock(&fakes_.mutex_);
        check = fakes_.check_;
        message_check = fakes_.message_check_;
      }
      for (const auto& item : request->items()) {
        v1::CheckResult& result = *response->add_results()->mutable_check();
        result.set_verdict(v1::VERDICT_ALLOW);
        if (check) result = check(item.customer_run_id());
        if (message_check) result = message_check(item);
      }
      return fakes_.Begin("Check", RunIds(request->items()));
    }
    grpc::Status AddSuppressions(grpc::ServerContext*, const v1::AddSuppressionsRequest* request,
                                 v1::AddSuppressionsResponse*) override {
      std::vector<std::string> lines;
      for (const v1::Suppression& one : request->suppressions()) {
        lines.push_back(absl::StrCat(one.address(), "/", v1::Channel_Name(one.channel()).substr(8), "/", one.reason(),
                                     "/", one.source(), one.brand().empty() ? "" : "/", one.brand()));
      }
      return fakes_.Begin("AddSuppressions", lines);
    }
    grpc::Status RecordReplies(grpc::ServerContext*, const v1::RecordRepliesRequest* request,
                               v1::RecordRepliesResponse* response) override {
      std::vector<std::string> lines;
      for (const v1::Reply& one : request->replies()) {
        lines.push_back(absl::StrCat(one.reply_id(), "/", one.address(), "/", one.text()));
        response->add_effects(v1::REPLY_EFFECT_NONE);
      }
      return fakes_.Begin("RecordReplies", lines);
    }
    grpc::Status SettleReservations(grpc::ServerContext*, const v1::ComplianceSettleReservationsRequest* request,
                                    v1::ComplianceSettleReservationsResponse*) override {
      return fakes_.Settle("compliance", *request);
    }

   private:
    FakeServices& fakes_;
  };

  // Idempotent by customer run and channel, as the real one.
  class Delivery final : public v1::Delivery::Service {
   public:
    explicit Delivery(FakeServices& fakes) : fakes_(fakes) {}
    grpc::Status Deliver(grpc::ServerContext*, const v1::DeliverRequest* request,
                         v1::DeliverResponse* response) override {
      const grpc::Status status = fakes_.Begin("Deliver", RunIds(request->items()));
      if (!status.ok()) return status;
      absl::MutexLock lock(&fakes_.mutex_);
      for (const auto& item : request->items()) {
        *response->add_results()->mutable_receipt() = fakes_.Deliver(item);
      }
      return status;
    }
    grpc::Status ListDeliveries(grpc::ServerContext*, const v1::ListDeliveriesRequest* request,
                                v1::ListDeliveriesResponse* response) override {
      const grpc::Status status =
          fakes_.Begin("ListDeliveries", {v1::DeliveryState_Name(request->state()), request->customer_run_id()});
      absl::MutexLock lock(&fakes_.mutex_);
      for (const auto& [key, receipt] : fakes_.ledger_) {
        if (request->state() != 0 && receipt.state() != request->state()) continue;
        if (!request->customer_run_id().empty() && key.first != request->customer_run_id()) continue;
        v1::Dispatch& dispatch = *response->add_deliveries();
        dispatch.set_customer_run_id(key.first);
        *dispatch.mutable_receipt() = receipt;
      }
      return status;
    }
    grpc::Status ListFeedback(grpc::ServerContext*, const v1::ListFeedbackRequest* request,
                              v1::ListFeedbackResponse* response) override {
      const grpc::Status status = fakes_.Begin("ListFeedback", {absl::StrCat(request->after_feedback_id())});
      absl::MutexLock lock(&fakes_.mutex_);
      for (const v1::Feedback& feedback : fakes_.feedback_) {
        if (feedback.feedback_id() <= request->after_feedback_id()) continue;
        if (response->feedback_size() < request->page_size()) *response->add_feedback() = feedback;
      }
      return status;
    }

   private:
    FakeServices& fakes_;
  };

  class Analytics final : public v1::Analytics::Service {
   public:
    explicit Analytics(FakeServices& fakes) : fakes_(fakes) {}
    grpc::Status Record(grpc::ServerContext*, const v1::RecordRequest* request, v1::RecordResponse*) override {
      const grpc::Status status = fakes_.Begin("Record", RunIds(request->records()));
      absl::MutexLock lock(&fakes_.mutex_);
      if (status.ok())
        fakes_.records_.insert(fakes_.records_.end(), request->records().begin(), request->records().end());
      return status;
    }
    grpc::Status RecordResponses(grpc::ServerContext*, const v1::RecordResponsesRequest* request,
                                 v1::RecordResponsesResponse* response) override {
      std::vector<std::string> lines;
      std::string unknown;
      {
        absl::MutexLock lock(&fakes_.mutex_);
        unknown = fakes_.unknown_run_;
      }
      for (const v1::Response& one : request->responses()) {
        lines.push_back(absl::StrCat(one.response_id(), "/", v1::ResponseKind_Name(one.kind()).substr(14)));
        if (one.customer_run_id() != unknown || unknown.empty()) continue;
        v1::RefusedResponse& refused = *response->add_refused();
        refused.set_response_id(one.response_id());
        refused.mutable_error()->set_reason("UNKNOWN_CUSTOMER_RUN");
      }
      return fakes_.Begin("RecordResponses", lines);
    }
    // Five conversions of fifty deliveries of "subject/a".
    grpc::Status GetReport(grpc::ServerContext*, const v1::GetReportRequest* request,
                           v1::GetReportResponse* response) override {
      const bool by_offer = request->dimension() == v1::REPORT_DIMENSION_OFFER;
      v1::ReportRow& row = *response->add_rows();
      row.set_key(by_offer ? "hello" : "subject/a");
      row.set_sent_count(by_offer ? 70 : 50);
      row.set_converted_count(by_offer ? 7 : 5);
      return fakes_.Begin("GetReport", {request->campaign()});
    }

   private:
    FakeServices& fakes_;
  };

  Segmentation segmentation_{*this};
  Retrieval retrieval_{*this};
  Offers offers_{*this};
  Generator generator_{*this};
  Compliance compliance_{*this};
  Delivery delivery_{*this};
  Analytics analytics_{*this};

  absl::Mutex mutex_;
  Hook hook_ ABSL_GUARDED_BY(mutex_);
  Check check_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::pair<std::string, std::string>> calls_ ABSL_GUARDED_BY(mutex_);
  std::vector<v1::RunRecord> records_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> settlements_ ABSL_GUARDED_BY(mutex_);
  MessageCheck message_check_ ABSL_GUARDED_BY(mutex_);
  GenerateError generate_error_ ABSL_GUARDED_BY(mutex_);
  int64_t model_cost_micros_ ABSL_GUARDED_BY(mutex_) = 0;
  Dispatch dispatch_ ABSL_GUARDED_BY(mutex_);
  std::map<std::pair<std::string, v1::Channel>, v1::Receipt> ledger_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> sent_ ABSL_GUARDED_BY(mutex_);
  std::vector<v1::Feedback> feedback_ ABSL_GUARDED_BY(mutex_);
  std::string unknown_run_ ABSL_GUARDED_BY(mutex_);

  std::unique_ptr<Server> server_;  // Last: it uses all of the above.
};

}  // namespace campaign::orchestrator
