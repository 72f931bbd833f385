#include "orchestrator/reviews_service.h"

#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/limits.h"
#include "common/status.h"
#include "common/unary.h"
#include "orchestrator/review_store.h"
#include "orchestrator/review_tasks.h"
#include "orchestrator/views.h"

namespace campaign::orchestrator {
namespace {

constexpr int kDefaultPage = 50;

absl::Status List(Connection& connection, absl::Time now, const v1::ListReviewsRequest& request,
                  v1::ListReviewsResponse& response) {
  int64_t after = 0;
  if (!request.page_token().empty() && !absl::SimpleAtoi(request.page_token(), &after)) {
    return InvalidField("page_token", absl::StrCat("'", request.page_token(), "'"), "is not one that ListReviews gave");
  }
  const int page_size = request.page_size() > 0 ? request.page_size() : kDefaultPage;
  std::vector<ReviewRow> rows = ReviewStore(connection).List(request.state(), request.campaign(), after, page_size + 1);
  if (static_cast<int>(rows.size()) > page_size) {
    rows.pop_back();
    response.set_next_page_token(absl::StrCat(rows.back().number));
  }
  for (const ReviewRow& row : rows) *response.add_review_tasks() = ViewTask(row, now);
  return absl::OkStatus();
}

absl::Status Get(Connection& connection, absl::Time now, const v1::GetReviewRequest& request,
                 v1::GetReviewResponse& response) {
  ReviewStore store(connection);
  const auto row = store.Find(request.review_task_id());
  if (!row.has_value()) return absl::NotFoundError(absl::StrCat("there is no review task ", request.review_task_id()));
  *response.mutable_review_task() = ViewTask(*row, now);
  ASSIGN_OR_RETURN(*response.mutable_customer_run(), LoadCustomerRun(connection, row->task.customer_run_id()));
  for (v1::ReviewEvent& event : store.History(request.review_task_id())) *response.add_history() = std::move(event);
  return absl::OkStatus();
}

// Red flags that earlier reviews accepted for the message, which is another one after its channel was refused.
std::vector<std::string> AcceptedBefore(Connection& connection, const CustomerRunRow& row) {
  std::vector<std::string> accepted;
  for (const v1::StepRecord& step : StepsOf(RunStore(connection).LoadBatch(row.batch_id), row.slot)) {
    if (step.has_message()) accepted.clear();
    if (!step.has_review()) continue;
    accepted.assign(step.review().accepted_red_flags().begin(), step.review().accepted_red_flags().end());
  }
  return accepted;
}

// Decides, and moves the customer run on, in the writer's transaction. What is to be launched after it goes to
// `batches`.
absl::Status Decide(Connection& connection, Runner& runner, absl::Time now, const v1::DecideReviewRequest& request,
                    v1::DecideReviewResponse& response, std::vector<std::shared_ptr<Batch>>& batches) {
  RunStore runs(connection);
  const auto task = ReviewStore(connection).Find(request.review_task_id());
  const auto row = task.has_value() ? runs.FindCustomerRun(task->customer_run) : absl::nullopt;
  const std::vector<std::string> accepted =
      row.has_value() ? AcceptedBefore(connection, *row) : std::vector<std::string>();
  ASSIGN_OR_RETURN(Decided decided, DecideReview(connection, request, accepted, now));
  *response.mutable_review_task() = decided.task;
  if (decided.repeated) return absl::OkStatus();
  std::vector<Wake> wakes;
  wakes.push_back({.row = *row, .record = std::move(decided.record)});
  batches = runner.Resume(connection, std::move(wakes));
  return absl::OkStatus();
}

}  // namespace

grpc::ServerUnaryReactor* ReviewsService::ListReviews(grpc::CallbackServerContext* context,
                                                      const v1::ListReviewsRequest* request,
                                                      v1::ListReviewsResponse* response) {
  return AnswerWithRead(
      context, request, response, database_,
      [this](Connection& connection, const auto& in, auto& out) { return List(connection, clock_.Now(), in, out); });
}

grpc::ServerUnaryReactor* ReviewsService::GetReview(grpc::CallbackServerContext* context,
                                                    const v1::GetReviewRequest* request,
                                                    v1::GetReviewResponse* response) {
  return AnswerWithRead(
      context, request, response, database_,
      [this](Connection& connection, const auto& in, auto& out) { return Get(connection, clock_.Now(), in, out); });
}

grpc::ServerUnaryReactor* ReviewsService::ClaimReview(grpc::CallbackServerContext* context,
                                                      const v1::ClaimReviewRequest* request,
                                                      v1::ClaimReviewResponse* response) {
  return AnswerWithWrite(
      context, request, response, database_, [this](Connection& connection, const auto& in, auto& out) -> absl::Status {
        ASSIGN_OR_RETURN(*out.mutable_review_task(), campaign::orchestrator::ClaimReview(connection, in, clock_.Now()));
        return absl::OkStatus();
      });
}

grpc::ServerUnaryReactor* ReviewsService::DecideReview(grpc::CallbackServerContext* context,
                                                       const v1::DecideReviewRequest* request,
                                                       v1::DecideReviewResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  if (absl::Status status = CheckLimits(*request); !status.ok()) {
    reactor->Finish(ToGrpcStatus(status));
    return reactor;
  }
  auto batches = std::make_shared<std::vector<std::shared_ptr<Batch>>>();
  database_.Submit(
      [=, this](Connection& connection) {
        return Decide(connection, runner_, clock_.Now(), *request, *response, *batches);
      },
      [=, this](const absl::Status& status) {
        if (status.ok()) runner_.Launch(*batches);
        reactor->Finish(ToGrpcStatus(status));
      });
  return reactor;
}

}  // namespace campaign::orchestrator
