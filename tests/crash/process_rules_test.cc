// How processes start, refuse to start, and stop.

#include <filesystem>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "campaign/v1/orchestrator.grpc.pb.h"
#include "tests/crash/world.h"

namespace campaign::crash {
namespace {

using ::testing::HasSubstr;

// "A few seconds": a stop lets calls that are under way finish for up to five.
constexpr absl::Duration kStopTime = absl::Seconds(7);

class ProcessRules : public WorldTest {
 protected:
  struct Ending {
    int code;
    std::string output;
  };

  // Runs a process that should end by itself.
  static Ending RunToEnd(Role role, const std::vector<std::string>& arguments) {
    const auto process = Process::Start(BinaryOf(role), arguments);
    const absl::optional<int> code = process->WaitForExit(kPatience);
    return {code.value_or(-1), process->output()};
  }

  // The role's arguments with another value of one flag.
  static std::vector<std::string> WithFlag(Role role, const std::string& flag, const std::string& value) {
    std::vector<std::string> arguments = cluster().ArgumentsOf(role);
    for (std::string& argument : arguments) {
      if (absl::StartsWith(argument, absl::StrCat("--", flag, "="))) argument = absl::StrCat("--", flag, "=", value);
    }
    return arguments;
  }

  // What the log of the role's database still holds: nothing once it was checkpointed.
  static uintmax_t LogBytes(Role role) {
    std::error_code missing;
    const uintmax_t bytes = std::filesystem::file_size(cluster().DatabaseOf(role) + "-wal", missing);
    return missing ? 0 : bytes;
  }
};

TEST_F(ProcessRules, ASecondProcessOnADatabaseIsRefused) {
  testing::TempDir folder;
  for (const Role role : {kOrchestrator, kRetrieval, kOffer, kCompliance, kDelivery, kAnalytics}) {
    std::vector<std::string> arguments = WithFlag(role, "listen", "127.0.0.1:0");
    for (std::string& argument : arguments) {
      if (absl::StartsWith(argument, "--spool=")) argument = "--spool=" + folder.path();
    }
    const Ending ending = RunToEnd(role, arguments);
    EXPECT_EQ(ending.code, 1) << NameOf(role);
    EXPECT_THAT(ending.output, HasSubstr("another process owns ")) << NameOf(role);
    EXPECT_THAT(ending.output, HasSubstr(absl::StrCat(NameOf(role), ".db"))) << NameOf(role);
  }
}

TEST_F(ProcessRules, ASecondProcessOnASpoolIsRefused) {
  testing::TempDir folder;
  const Ending ending = RunToEnd(kDelivery, WithFlag(kDelivery, "database", folder.File("other.db")));
  EXPECT_EQ(ending.code, 1);
  EXPECT_THAT(ending.output, HasSubstr("another process owns the spool " + cluster().spool()));
}

TEST_F(ProcessRules, ASecondProcessOnAPortIsRefused) {
  testing::TempDir folder;
  for (int role = 0; role < kRoleCount; ++role) {
    std::vector<std::string> arguments = WithFlag(static_cast<Role>(role), "database", folder.File(NameOf(Role(role))));
    for (std::string& argument : arguments) {
      if (absl::StartsWith(argument, "--spool=")) argument = "--spool=" + folder.File("spool");
    }
    const Ending ending = RunToEnd(static_cast<Role>(role), arguments);
    EXPECT_EQ(ending.code, 1) << NameOf(Role(role));
    EXPECT_THAT(ending.output, HasSubstr("cannot listen on 127.0.0.1:")) << NameOf(Role(role));
  }
}

TEST_F(ProcessRules, AMissingFlagIsNamed) {
  cluster().SetOrchestratorFlags({});
  for (int role = 0; role < kRoleCount; ++role) {
    const std::vector<std::string> arguments = cluster().ArgumentsOf(static_cast<Role>(role));
    for (size_t missing = 0; missing < arguments.size(); ++missing) {
      std::vector<std::string> rest = arguments;
      rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(missing));
      const std::string flag = arguments[missing].substr(0, arguments[missing].find('='));
      const Ending ending = RunToEnd(static_cast<Role>(role), rest);
      EXPECT_EQ(ending.code, 2) << NameOf(Role(role)) << " without " << flag << ": " << ending.output;
      EXPECT_THAT(ending.output, HasSubstr(flag)) << NameOf(Role(role));
    }
  }
}

TEST_F(ProcessRules, AProcessThatIsToldToStopCheckpointsAndEndsWell) {
  const std::string campaign = world().ApplyNew();
  cluster().WaitUntilFinished(cluster().Run(world().ForList(campaign)));
  for (const Role role : {kOrchestrator, kRetrieval, kOffer, kCompliance, kDelivery, kAnalytics}) {
    EXPECT_GT(LogBytes(role), 0) << NameOf(role);
  }
  for (int i = 0; i < kRoleCount; ++i) {
    const Role role = static_cast<Role>(i);
    cluster().process(role).Terminate();
    EXPECT_EQ(cluster().process(role).WaitForExit(kStopTime), 0) << NameOf(role) << cluster().process(role).output();
    EXPECT_EQ(LogBytes(role), 0) << NameOf(role);
    cluster().Start(role);
  }
}

TEST_F(ProcessRules, TheOrchestratorStopsWhileOthersWaitForIt) {
  const std::string campaign = world().ApplyNew();
  v1::RunCampaignRequest request = world().ForList(campaign);
  request.set_request_id("stop-" + campaign);
  request.mutable_wait()->set_seconds(60);
  cluster().Suspend(kGenerator);
  const int64_t unread = cluster().port(kGenerator).UnreadBytes();
  absl::StatusOr<v1::RunCampaignResponse> answer;
  std::thread caller([&] { answer = cluster().Call(kOrchestrator, &v1::Orchestrator::Stub::RunCampaign, request); });
  EXPECT_TRUE(WaitUntil([&] { return cluster().port(kGenerator).UnreadBytes() > unread; }));

  v1::ListCampaignRunsRequest list;
  list.set_campaign(campaign);
  const auto runs = cluster().Call(kOrchestrator, &v1::Orchestrator::Stub::ListCampaignRuns, list);
  EXPECT_OK(runs);
  v1::WatchCampaignRunRequest watch;
  watch.set_campaign_run_id(runs->campaign_runs(0).campaign_run_id());
  v1::Orchestrator::Stub stub(cluster().Connect(kOrchestrator));
  grpc::ClientContext context;
  auto stream = stub.WatchCampaignRun(&context, watch);
  v1::WatchCampaignRunResponse seen;
  EXPECT_TRUE(stream->Read(&seen));

  cluster().process(kOrchestrator).Terminate();
  EXPECT_EQ(cluster().process(kOrchestrator).WaitForExit(kStopTime), 0) << cluster().process(kOrchestrator).output();
  caller.join();
  // Whoever waited has the run, as it stood.
  EXPECT_OK(answer);
  EXPECT_EQ(answer->campaign_run().campaign_run_id(), watch.campaign_run_id());
  EXPECT_EQ(answer->campaign_run().state(), v1::CAMPAIGN_RUN_STATE_RUNNING);
  while (stream->Read(&seen)) EXPECT_EQ(seen.campaign_run().campaign_run_id(), watch.campaign_run_id());
  EXPECT_FALSE(stream->Finish().ok());

  cluster().Continue(kGenerator);
  cluster().Start(kOrchestrator);
  cluster().WaitUntilFinished(watch.campaign_run_id());
  world().ExpectWhole(watch.campaign_run_id());
  world().ExpectSpent(campaign);
}

}  // namespace
}  // namespace campaign::crash
