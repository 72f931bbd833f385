#include "common/server.h"

#include <grpcpp/generic/generic_stub.h>

#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "campaign/v1/analytics.grpc.pb.h"
#include "common/call_count.h"
#include "common/channel.h"
#include "common/testing/testing.h"
#include "common/unary.h"

namespace campaign {
namespace {

using testing::StatusIs;
using testing::TempDir;

std::string Target(const Server& server) { return absl::StrCat("127.0.0.1:", server.port()); }

// A service with a call that stays in its handler until the test lets it go.
class SlowService final : public v1::Analytics::CallbackService {
 public:
  grpc::ServerUnaryReactor* GetReport(grpc::CallbackServerContext* context, const v1::GetReportRequest*,
                                      v1::GetReportResponse* response) override {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    arrived.Notify();
    worker_ = std::thread([=, this] {
      go_on.WaitForNotification();
      response->add_rows()->set_key("done");
      reactor->Finish(grpc::Status::OK);
    });
    return reactor;
  }
  ~SlowService() override {
    if (worker_.joinable()) worker_.join();
  }

  absl::Notification arrived, go_on;

 private:
  std::thread worker_;
};

// Answers through the helpers of unary.h.
class ReportService final : public v1::Analytics::CallbackService {
 public:
  explicit ReportService(Database* database = nullptr) : database_(database) {
    SetMessageAllocatorFor_GetReport(&allocator_);
  }
  grpc::ServerUnaryReactor* GetReport(grpc::CallbackServerContext* context, const v1::GetReportRequest* request,
                                      v1::GetReportResponse* response) override {
    {
      absl::MutexLock lock(&mutex_);
      peers_.insert(context->peer());
    }
    return Answer(context, request, response, [](const v1::GetReportRequest& in, v1::GetReportResponse& out) {
      if (in.campaign() == "missing") return absl::NotFoundError("no such campaign");
      out.add_rows()->set_key(in.campaign());
      return absl::OkStatus();
    });
  }
  grpc::ServerUnaryReactor* Record(grpc::CallbackServerContext* context, const v1::RecordRequest* request,
                                   v1::RecordResponse* response) override {
    return AnswerWithWrite(context, request, response, *database_,
                           [](Connection& connection, const v1::RecordRequest& in, v1::RecordResponse& out) {
                             for (int i = 0; i < in.records_size(); ++i)
                               connection.Prepare("INSERT INTO t VALUES (1)").exec();
                             out.set_recorded_count(in.records_size());
                             return in.records_size() == 2 ? absl::AbortedError("not two") : absl::OkStatus();
                           });
  }

  // Connections that calls came over.
  int connection_count() {
    absl::MutexLock lock(&mutex_);
    return static_cast<int>(peers_.size());
  }

 private:
  absl::Mutex mutex_;
  std::set<std::string> peers_;
  Database* const database_;
  ArenaAllocator<v1::GetReportRequest, v1::GetReportResponse> allocator_;
};

grpc::Status GetReport(const std::shared_ptr<grpc::Channel>& channel, const std::string& campaign,
                       v1::GetReportResponse* response, absl::Duration deadline = absl::Seconds(5)) {
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + deadline));
  v1::GetReportRequest request;
  request.set_campaign(campaign);
  return v1::Analytics::NewStub(channel)->GetReport(&context, request, response);
}

// A grpc.health.v1 Watch, read byte by byte so that no second copy of health.proto is needed.
class HealthWatch {
 public:
  explicit HealthWatch(const std::shared_ptr<grpc::Channel>& channel) : stub_(channel) {
    context_.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(5)));
    stream_ = stub_.PrepareCall(&context_, "/grpc.health.v1.Health/Watch", &queue_);
    stream_->StartCall(nullptr);
    EXPECT_TRUE(Next());
    const grpc::Slice empty_request;
    stream_->WriteLast(grpc::ByteBuffer(&empty_request, 1), grpc::WriteOptions(), nullptr);
    EXPECT_TRUE(Next());
  }
  ~HealthWatch() {
    context_.TryCancel();
    grpc::Status status;
    stream_->Finish(&status, nullptr);
    Next();
    queue_.Shutdown();
  }

  // The next HealthCheckResponse.ServingStatus: 1 SERVING, 2 NOT_SERVING; -1 at the end.
  int Read() {
    grpc::ByteBuffer buffer;
    stream_->Read(&buffer, nullptr);
    if (!Next()) return -1;
    std::vector<grpc::Slice> slices;
    if (!buffer.Dump(&slices).ok() || slices.size() != 1 || slices[0].size() != 2 || slices[0].begin()[0] != 8)
      return -1;
    return slices[0].begin()[1];
  }

 private:
  bool Next() {
    void* tag = nullptr;
    bool ok = false;
    return queue_.Next(&tag, &ok) && ok;
  }

  grpc::GenericStub stub_;
  grpc::CompletionQueue queue_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> stream_;
};

TEST(Server, TakesAFreePortAndAnswers) {
  ReportService service;
  ASSERT_OK_AND_ASSIGN(const auto server, Server::Start("127.0.0.1:0", {&service}));
  EXPECT_GT(server->port(), 0);
  v1::GetReportResponse response;
  EXPECT_TRUE(GetReport(MakeChannel(Target(*server)), "c", &response).ok());
  ASSERT_EQ(response.rows_size(), 1);
  EXPECT_EQ(response.rows(0).key(), "c");
}

TEST(Server, RefusesAnAddressThatIsTaken) {
  ReportService service, other;
  ASSERT_OK_AND_ASSIGN(const auto server, Server::Start("127.0.0.1:0", {&service}));
  EXPECT_THAT(Server::Start(Target(*server), {&other}),
              StatusIs(absl::StatusCode::kUnavailable, absl::StrCat("cannot listen on ", Target(*server))));
}

TEST(Server, RefusesAnAddressThatIsNone) {
  ReportService service;
  EXPECT_THAT(Server::Start("no address", {&service}), StatusIs(absl::StatusCode::kUnavailable, "no address"));
}

TEST(Server, SaysThatItServesAndThenThatItDoesNot) {
  SlowService service;
  ASSERT_OK_AND_ASSIGN(const auto server, Server::Start("127.0.0.1:0", {&service}));
  const auto channel = MakeChannel(Target(*server));
  auto health = std::make_unique<HealthWatch>(channel);
  EXPECT_EQ(health->Read(), 1);
  std::thread stopping([&] { server->Stop(); });
  EXPECT_EQ(health->Read(), 2);
  health = nullptr;  // The server would wait for this stream too.
  stopping.join();
}

TEST(Server, LetsCallsFinishBeforeItStops) {
  SlowService service;
  ASSERT_OK_AND_ASSIGN(const auto server, Server::Start("127.0.0.1:0", {&service}));
  const auto channel = MakeChannel(Target(*server));
  grpc::Status status;
  v1::GetReportResponse response;
  std::thread caller([&] { status = GetReport(channel, "c", &response); });
  service.arrived.WaitForNotification();
  auto health = std::make_unique<HealthWatch>(channel);
  EXPECT_EQ(health->Read(), 1);
  std::thread stopping([&] { server->Stop(); });
  // Stopping has begun, and the call is still in its handler.
  EXPECT_EQ(health->Read(), 2);
  health = nullptr;  // The server would wait for this stream too.
  service.go_on.Notify();
  caller.join();
  stopping.join();
  EXPECT_TRUE(status.ok()) << status.error_message();
  ASSERT_EQ(response.rows_size(), 1);
  EXPECT_EQ(response.rows(0).key(), "done");
}

TEST(Server, CountsTheCallsItWasAsked) {
  ReportService service;
  ASSERT_OK_AND_ASSIGN(const auto server, Server::Start("127.0.0.1:0", {&service}));
  const auto channel = MakeChannel(Target(*server));
  const int64_t before = CallCount();
  v1::GetReportResponse response;
  GetReport(channel, "missing", &response);
  GetReport(channel, "missing", &response);
  EXPECT_EQ(CallCount() - before, 2);
}

TEST(Server, EndsConnectionsAtTheirAgeWithoutFailingACall) {
  ReportService service;
  ASSERT_OK_AND_ASSIGN(const auto server,
                       Server::Start("127.0.0.1:0", {&service}, {.max_connection_age = absl::Milliseconds(20)}));
  // Without retries: a call that failed would be seen.
  const auto channel = grpc::CreateChannel(Target(*server), grpc::InsecureChannelCredentials());
  const absl::Time deadline = absl::Now() + absl::Seconds(20);
  while (service.connection_count() < 4 && absl::Now() < deadline) {
    v1::GetReportResponse response;
    const grpc::Status status = GetReport(channel, "c", &response);
    ASSERT_TRUE(status.ok()) << status.error_message();
  }
  EXPECT_GE(service.connection_count(), 4);
}

TEST(Server, CutsCallsThatOutliveTheGraceOfTheirConnection) {
  SlowService service;
  ASSERT_OK_AND_ASSIGN(const auto server, Server::Start("127.0.0.1:0", {&service},
                                                        {.max_connection_age = absl::Milliseconds(20),
                                                         .max_connection_age_grace = absl::Milliseconds(20)}));
  const auto channel = grpc::CreateChannel(Target(*server), grpc::InsecureChannelCredentials());
  v1::GetReportResponse response;
  EXPECT_EQ(GetReport(channel, "c", &response, absl::Seconds(20)).error_code(), grpc::StatusCode::UNAVAILABLE);
  service.go_on.Notify();
}

TEST(Server, EndsCallsThatOutliveTheDrain) {
  SlowService service;
  ASSERT_OK_AND_ASSIGN(const auto server, Server::Start("127.0.0.1:0", {&service}, {.drain = absl::Milliseconds(10)}));
  grpc::Status status;
  std::thread caller([&] {
    v1::GetReportResponse response;
    status = GetReport(grpc::CreateChannel(Target(*server), grpc::InsecureChannelCredentials()), "c", &response,
                       absl::Seconds(20));
  });
  service.arrived.WaitForNotification();
  std::thread stopping([&] { server->Stop(); });
  // The caller hears of the end although the handler is still at it.
  caller.join();
  EXPECT_FALSE(status.ok());
  EXPECT_NE(status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  service.go_on.Notify();
  stopping.join();
}

TEST(Server, StopsOnce) {
  ReportService service;
  ASSERT_OK_AND_ASSIGN(const auto server, Server::Start("127.0.0.1:0", {&service}));
  server->Stop();
  server->Stop();
  v1::GetReportResponse response;
  EXPECT_EQ(GetReport(MakeChannel(Target(*server)), "c", &response).error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST(Channel, FindsAServerThatRestartsOnItsPortWithinTwoSeconds) {
  ReportService service;
  ASSERT_OK_AND_ASSIGN(auto server, Server::Start("127.0.0.1:0", {&service}));
  const std::string target = Target(*server);
  const auto channel = MakeChannel(target);
  v1::GetReportResponse response;
  ASSERT_TRUE(GetReport(channel, "c", &response).ok());
  server->Stop();
  // Down long enough for the client to notice.
  EXPECT_EQ(GetReport(channel, "c", &response).error_code(), grpc::StatusCode::UNAVAILABLE);
  ReportService again;
  ASSERT_OK_AND_ASSIGN(server, Server::Start(target, {&again}));
  const absl::Time start = absl::Now();
  grpc::Status status = grpc::Status::CANCELLED;
  while (!status.ok() && absl::Now() - start < absl::Seconds(4)) {
    status = GetReport(channel, "c", &response, absl::Milliseconds(500));
  }
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_LT(absl::Now() - start, absl::Seconds(2));
}

TEST(Answer, RefusesARequestOverItsLimitsBeforeTheHandler) {
  ReportService service;
  ASSERT_OK_AND_ASSIGN(const auto server, Server::Start("127.0.0.1:0", {&service}));
  v1::GetReportResponse response;
  const grpc::Status status = GetReport(MakeChannel(Target(*server)), std::string(65, 'x'), &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(status.error_message(), "campaign: 65 bytes is above 64");
}

TEST(Answer, GivesTheHandlersErrorOn) {
  ReportService service;
  ASSERT_OK_AND_ASSIGN(const auto server, Server::Start("127.0.0.1:0", {&service}));
  v1::GetReportResponse response;
  const grpc::Status status = GetReport(MakeChannel(Target(*server)), "missing", &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(status.error_message(), "no such campaign");
}

TEST(AnswerWithWrite, AnswersOnceTheChangesAreDurableOrTakesThemBack) {
  const TempDir dir;
  ASSERT_OK_AND_ASSIGN(const auto database, Database::Open(dir.File("test.db"), "CREATE TABLE IF NOT EXISTS t (x);"));
  ReportService service(database.get());
  ASSERT_OK_AND_ASSIGN(const auto server, Server::Start("127.0.0.1:0", {&service}));
  const auto stub = v1::Analytics::NewStub(MakeChannel(Target(*server)));
  const auto record = [&](int count) {
    grpc::ClientContext context;
    v1::RecordRequest request;
    for (int i = 0; i < count; ++i) {
      v1::RunRecord& one = *request.add_records();
      one.set_customer_run_id("r-1");
      one.set_campaign_run_id("r");
      one.set_campaign("c");
      one.set_customer_id("x");
    }
    v1::RecordResponse response;
    return stub->Record(&context, request, &response);
  };
  EXPECT_EQ(record(0).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(record(2).error_message(), "not two");
  EXPECT_TRUE(record(3).ok());
  Connection other(dir.File("test.db"), SQLite::OPEN_READONLY);
  EXPECT_EQ(other.database().execAndGet("SELECT count(*) FROM t").getInt(), 3);
}

}  // namespace
}  // namespace campaign
