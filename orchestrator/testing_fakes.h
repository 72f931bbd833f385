#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
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

  // Messages of a customer that the delivery service would have sent: one for each customer run.
  int sent_count() {
    absl::MutexLock lock(&mutex_);
    return static_cast<int>(sent_.size());
  }

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
        for (const v1::Event& event : request.events()) ids.push_back(event.message_sent().customer_run_id());
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
        decision.set_channel(v1::CHANNEL_EMAIL);
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
    grpc::Status Generate(grpc::ServerContext*, const v1::GenerateRequest* request,
                          v1::GenerateResponse* response) override {
      for (const auto& item : request->items()) {
        v1::Message& message = *response->add_results()->mutable_message();
        message.set_channel(v1::CHANNEL_EMAIL);
        message.set_text(absl::StrCat("Hello ", item.profile().customer().customer_id()));
      }
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
      return grpc::Status::OK;
    }
    grpc::Status Check(grpc::ServerContext*, const v1::CheckRequest* request, v1::CheckResponse* response) override {
      FakeServices::Check check;
      {
        absl::MutexLock lock(&fakes_.mutex_);
        check = fakes_.check_;
      }
      for (const auto& item : request->items()) {
        v1::CheckResult& result = *response->add_results()->mutable_check();
        result.set_verdict(v1::VERDICT_ALLOW);
        if (check) result = check(item.customer_run_id());
      }
      return fakes_.Begin("Check", RunIds(request->items()));
    }
    grpc::Status SettleReservations(grpc::ServerContext*, const v1::ComplianceSettleReservationsRequest* request,
                                    v1::ComplianceSettleReservationsResponse*) override {
      return fakes_.Settle("compliance", *request);
    }

   private:
    FakeServices& fakes_;
  };

  // Idempotent by customer run, as the real one.
  class Delivery final : public v1::Delivery::Service {
   public:
    explicit Delivery(FakeServices& fakes) : fakes_(fakes) {}
    grpc::Status Deliver(grpc::ServerContext*, const v1::DeliverRequest* request,
                         v1::DeliverResponse* response) override {
      const grpc::Status status = fakes_.Begin("Deliver", RunIds(request->items()));
      if (!status.ok()) return status;
      absl::MutexLock lock(&fakes_.mutex_);
      for (const auto& item : request->items()) {
        fakes_.sent_[item.customer_run_id()] = item.message().text();
        response->add_results()->mutable_receipt()->set_state(v1::DELIVERY_STATE_ACCEPTED);
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
  absl::flat_hash_map<std::string, std::string> sent_ ABSL_GUARDED_BY(mutex_);

  std::unique_ptr<Server> server_;  // Last: it uses all of the above.
};

}  // namespace campaign::orchestrator
