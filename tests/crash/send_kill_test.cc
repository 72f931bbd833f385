// Delivery killed at each point around a send, with a provider that deduplicates and one that does not: what the ledger
// says afterwards, what is sent again, and what the provider saw.

#include <grpcpp/grpcpp.h>

#include <fstream>
#include <future>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "SQLiteCpp/SQLiteCpp.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "campaign/v1/delivery.grpc.pb.h"
#include "common/http_client.h"
#include "common/testing/testing.h"
#include "nlohmann/json.hpp"
#include "tests/crash/port.h"
#include "tests/crash/process.h"

namespace campaign::crash {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;
using testing::TempDir;

// held_provider.py as a process.
class HeldProvider {
 public:
  HeldProvider() : process_(Process::Start("/usr/bin/python3", {HELD_PROVIDER_SCRIPT})) {
    EXPECT_TRUE(process_->WaitForOutput("ready ")) << process_->output();
    EXPECT_TRUE(process_->WaitForOutput("\n")) << process_->output();
    const std::vector<std::string> words = absl::StrSplit(process_->output(), absl::ByAnyChar(" \n"));
    EXPECT_GE(words.size(), 2);
    base_url_ = absl::StrCat("http://127.0.0.1:", words.at(1));
  }

  const std::string& base_url() const { return base_url_; }

  void AwaitArrived(int count) { Call("GET", absl::StrCat("/_arrived/", count)); }
  // Until somebody has read the answers to so many.
  void AwaitAnswered(int count) { Call("GET", absl::StrCat("/_answered/", count)); }
  void Release() { Call("POST", "/_release"); }
  // Those with `text` in their bodies, in order.
  std::vector<nlohmann::json> Messages(const std::string& text) {
    std::vector<nlohmann::json> found;
    for (const nlohmann::json& message : nlohmann::json::parse(Call("GET", "/_messages"))) {
      if (message["body"].get<std::string>().find(text) != std::string::npos) found.push_back(message);
    }
    return found;
  }

 private:
  std::string Call(const std::string& method, const std::string& path) {
    HttpRequest request;
    request.method = method;
    request.url = base_url_ + path;
    request.timeout = kPatience;
    const HttpResult result = client_.Call(request);
    EXPECT_OK(result.status) << path;
    return result.response.body;
  }

  std::unique_ptr<Process> process_;
  std::string base_url_;
  HttpClient client_;
};

// Keeps everybody else from writing to a SQLite file.
class WriteLock {
 public:
  explicit WriteLock(const std::string& path) : database_(path, SQLite::OPEN_READWRITE, /*aBusyTimeoutMs=*/10'000) {
    database_.exec("BEGIN IMMEDIATE");
  }
  ~WriteLock() { database_.exec("ROLLBACK"); }

 private:
  SQLite::Database database_;
};

// The parameter: whether the provider deduplicates.
class SendKill : public ::testing::TestWithParam<bool> {
 protected:
  SendKill() {
    std::ofstream(folder_.File("whsec")) << "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    std::ofstream(folder_.File("token")) << "0123456789abcdef0123456789abcdef";
    // One batch at a time, so that a second one waits between its commit and its connection.
    std::ofstream(folder_.File("providers.yaml"))
        << "providers:\n- name: provider\n  channels: [sms]\n  parallel_batches: 1\n  timeout: 60s\n"
        << (GetParam() ? absl::StrCat("  kind: webhook\n  url: ", provider_.base_url(),
                                      "/messages\n  secret_file: ", folder_.File("whsec"))
                       : absl::StrCat("  kind: twilio\n  base_url: ", provider_.base_url(),
                                      "\n  account_sid: AC0123456789abcdef0123456789abcdef\n  auth_token_file: ",
                                      folder_.File("token"), "\n  from: '+43123456789'"))
        << "\n";
    Start();
  }

  void Start() {
    delivery_ = Process::Start(DELIVERY_BINARY,
                               {absl::StrCat("--listen=127.0.0.1:", port_.number()), "--database=" + database_path_,
                                "--providers=" + folder_.File("providers.yaml")});
    EXPECT_TRUE(delivery_->WaitForOutput("delivery listening on")) << delivery_->output();
    // A connection of its own to each process, which does nothing over again by itself.
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    stub_ = v1::Delivery::NewStub(grpc::CreateCustomChannel(absl::StrCat("127.0.0.1:", port_.number()),
                                                            grpc::InsecureChannelCredentials(), arguments));
  }
  // As the kernel, not the process, ends it.
  void KillAndRestart() {
    delivery_->Kill();
    Start();
  }

  static grpc::Status Call(v1::Delivery::Stub& stub, const std::string& run, v1::Receipt& receipt) {
    v1::DeliverRequest request;
    request.set_campaign("win-back");
    v1::DeliverItem& item = *request.add_items();
    item.set_customer_run_id(run);
    item.set_customer_id("c-" + run);
    item.mutable_message()->set_channel(v1::CHANNEL_SMS);
    item.mutable_message()->set_address("+436641234567");
    item.mutable_message()->set_text("text-of-" + run);
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + kPatience));
    v1::DeliverResponse response;
    const grpc::Status status = stub.Deliver(&context, request, &response);
    if (response.results_size() == 1) receipt = response.results(0).receipt();
    return status;
  }
  v1::Receipt Deliver(const std::string& run) {
    v1::Receipt receipt;
    const grpc::Status status = Call(*stub_, run, receipt);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return receipt;
  }
  // A call that is under way when its process is killed.
  std::future<void> StartDelivering(const std::string& run) {
    return std::async(std::launch::async, [stub = stub_, run] {
      v1::Receipt receipt;
      EXPECT_FALSE(Call(*stub, run, receipt).ok()) << "answered before it was killed: " << receipt.DebugString();
    });
  }

  // The run's dispatch as the ledger has it; default if it has none.
  v1::Receipt Ledger(const std::string& run) {
    v1::ListDeliveriesRequest request;
    request.set_customer_run_id(run);
    grpc::ClientContext context;
    v1::ListDeliveriesResponse response;
    EXPECT_TRUE(stub_->ListDeliveries(&context, request, &response).ok());
    return response.deliveries_size() == 1 ? response.deliveries(0).receipt() : v1::Receipt();
  }
  // Every look is a call, which waits in its own way.
  void AwaitLedger(const std::string& run, v1::DeliveryState state) {
    const absl::Time deadline = absl::Now() + kPatience;
    while (Ledger(run).state() != state && absl::Now() < deadline) {
    }
    EXPECT_EQ(Ledger(run).state(), state);
  }

  // Whoever asks again after the crash, as the orchestrator does.
  void ExpectUnknownUnlessDeduplicated(const std::string& run, size_t seen_before) {
    const v1::Receipt left = Ledger(run);
    ASSERT_EQ(left.state(), v1::DELIVERY_STATE_UNKNOWN);
    EXPECT_EQ(left.provider(), "provider");
    EXPECT_EQ(left.reasons(0).code(), "SEND_INTERRUPTED");
    EXPECT_THAT(provider_.Messages("text-of-" + run), SizeIs(seen_before)) << "nothing is sent at start";
    provider_.Release();
    const v1::Receipt receipt = Deliver(run);
    const std::vector<nlohmann::json> seen = provider_.Messages("text-of-" + run);
    if (!GetParam()) {
      EXPECT_EQ(receipt.state(), v1::DELIVERY_STATE_UNKNOWN);
      EXPECT_EQ(receipt.attempt_count(), 1);
      EXPECT_THAT(seen, SizeIs(seen_before)) << "it was not sent again";
      return;
    }
    EXPECT_EQ(receipt.state(), v1::DELIVERY_STATE_ACCEPTED);
    EXPECT_EQ(receipt.attempt_count(), 2);
    EXPECT_THAT(seen, SizeIs(seen_before + 1));
    std::set<std::string> keys;
    for (const nlohmann::json& message : seen) keys.insert(message["key"].get<std::string>());
    EXPECT_EQ(keys, std::set<std::string>{run + ".sms"}) << "one message, as the provider counts";
  }

  TempDir folder_;
  const std::string database_path_ = folder_.File("delivery.db");
  ReservedPort port_;
  HeldProvider provider_;
  std::unique_ptr<Process> delivery_;
  std::shared_ptr<v1::Delivery::Stub> stub_;
};

TEST_P(SendKill, BeforeItIsCommittedThatItIsBeingSentNothingHasHappened) {
  provider_.Release();
  std::future<void> call;
  {
    const WriteLock lock(database_path_);
    call = StartDelivering("r1");
    // On the same connection, so that the call before it has come too.
    EXPECT_EQ(Ledger("r1").state(), v1::DELIVERY_STATE_UNSPECIFIED);
    delivery_->Kill();
  }
  call.wait();
  Start();
  EXPECT_EQ(Ledger("r1").state(), v1::DELIVERY_STATE_UNSPECIFIED);
  EXPECT_THAT(provider_.Messages("text-of-r1"), IsEmpty());
  const v1::Receipt receipt = Deliver("r1");
  EXPECT_EQ(receipt.state(), v1::DELIVERY_STATE_ACCEPTED);
  EXPECT_EQ(receipt.attempt_count(), 1);
  EXPECT_THAT(provider_.Messages("text-of-r1"), SizeIs(1));
}

TEST_P(SendKill, AfterThatCommitAndBeforeItsConnectionNobodySaysThatItWasNotSent) {
  const std::future<void> in_front = StartDelivering("r0");
  provider_.AwaitArrived(1);
  const std::future<void> call = StartDelivering("r1");
  AwaitLedger("r1", v1::DELIVERY_STATE_SENDING);
  KillAndRestart();
  ExpectUnknownUnlessDeduplicated("r1", /*seen_before=*/0);
}

TEST_P(SendKill, WhileTheProviderHoldsTheRequestItMayHaveBeenSent) {
  const std::future<void> call = StartDelivering("r1");
  provider_.AwaitArrived(1);
  EXPECT_EQ(Ledger("r1").state(), v1::DELIVERY_STATE_SENDING);
  KillAndRestart();
  ExpectUnknownUnlessDeduplicated("r1", /*seen_before=*/1);
}

TEST_P(SendKill, AfterTheProviderAcceptedAndBeforeThatIsCommittedItMayHaveBeenSent) {
  std::future<void> call;
  {
    call = StartDelivering("r1");
    provider_.AwaitArrived(1);
    const WriteLock lock(database_path_);
    provider_.Release();
    provider_.AwaitAnswered(1);
    delivery_->Kill();
  }
  call.wait();
  Start();
  ExpectUnknownUnlessDeduplicated("r1", /*seen_before=*/1);
}

TEST_P(SendKill, AfterItsOutcomeIsCommittedItIsAnsweredFromTheLedger) {
  provider_.Release();
  const v1::Receipt receipt = Deliver("r1");
  EXPECT_EQ(receipt.state(), v1::DELIVERY_STATE_ACCEPTED);
  KillAndRestart();
  EXPECT_EQ(Deliver("r1").SerializeAsString(), receipt.SerializeAsString());
  EXPECT_THAT(provider_.Messages("text-of-r1"), SizeIs(1));
}

// A message that is on its way when the process is told to stop comes to its end.
TEST_P(SendKill, AStopWaitsForWhatTheProviderHolds) {
  v1::Receipt receipt;
  std::future<grpc::Status> call = std::async(std::launch::async, [&] { return Call(*stub_, "r1", receipt); });
  provider_.AwaitArrived(1);
  delivery_->Terminate();
  provider_.Release();
  EXPECT_EQ(delivery_->WaitForExit(kPatience), 0);
  EXPECT_TRUE(call.get().ok());
  EXPECT_EQ(receipt.state(), v1::DELIVERY_STATE_ACCEPTED);
  Start();
  EXPECT_EQ(Ledger("r1").state(), v1::DELIVERY_STATE_ACCEPTED);
}

INSTANTIATE_TEST_SUITE_P(Provider, SendKill, ::testing::Bool(),
                         [](const auto& info) { return info.param ? "Deduplicates" : "DoesNotDeduplicate"; });

}  // namespace
}  // namespace campaign::crash
