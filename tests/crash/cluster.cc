#include "tests/crash/cluster.h"

#include <poll.h>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "campaign/v1/orchestrator.grpc.pb.h"

namespace campaign::crash {
namespace {

struct Binary {
  const char* name;
  const char* path;
};

constexpr Binary kBinaries[kRoleCount] = {
    {"orchestrator", ORCHESTRATOR_BINARY}, {"segmentation", SEGMENTATION_BINARY},
    {"retrieval", RETRIEVAL_BINARY},       {"offer", OFFER_BINARY},
    {"generator", GENERATOR_BINARY},       {"compliance", COMPLIANCE_BINARY},
    {"delivery", DELIVERY_BINARY},         {"analytics", ANALYTICS_BINARY},
};

bool HasDatabase(Role role) { return role != kSegmentation && role != kGenerator; }

}  // namespace

const char* NameOf(Role role) { return kBinaries[role].name; }
const char* BinaryOf(Role role) { return kBinaries[role].path; }

Cluster::Cluster() {
  for (int role = 0; role < kRoleCount; ++role) Launch(static_cast<Role>(role));
  for (int role = 0; role < kRoleCount; ++role) {
    EXPECT_TRUE(processes_[role]->WaitForOutput(" listening on ")) << processes_[role]->output();
  }
}

std::string Cluster::AddressOf(Role role) const { return absl::StrCat("127.0.0.1:", ports_[role].number()); }

std::vector<std::string> Cluster::ArgumentsOf(Role role) const {
  std::vector<std::string> arguments = {absl::StrCat("--listen=", AddressOf(role))};
  if (HasDatabase(role)) arguments.push_back(absl::StrCat("--database=", DatabaseOf(role)));
  if (role == kSegmentation) arguments.push_back(absl::StrCat("--intent_phrases=", INTENT_PHRASES));
  if (role == kCompliance) arguments.push_back(absl::StrCat("--jurisdictions=", JURISDICTIONS));
  if (role == kDelivery) {
    arguments.push_back("--provider=spool");
    arguments.push_back(absl::StrCat("--spool=", spool()));
    arguments.push_back("--sender_address=hello@nordlicht.example");
  }
  if (role != kOrchestrator) return arguments;
  for (const Role service : kServices)
    arguments.push_back(absl::StrCat("--", NameOf(service), "=", AddressOf(service)));
  arguments.insert(arguments.end(), orchestrator_flags_.begin(), orchestrator_flags_.end());
  return arguments;
}

void Cluster::Launch(Role role) { processes_[role] = Process::Start(BinaryOf(role), ArgumentsOf(role)); }

void Cluster::Start(Role role) {
  Launch(role);
  ASSERT_TRUE(processes_[role]->WaitForOutput(" listening on ")) << NameOf(role) << ":\n" << processes_[role]->output();
}

void Cluster::Recover(const std::vector<std::string>& orchestrator_flags) {
  if (orchestrator_flags_ != orchestrator_flags) Kill(kOrchestrator);
  orchestrator_flags_ = orchestrator_flags;
  for (int i = 0; i < kRoleCount; ++i) {
    const Role role = static_cast<Role>(i);
    if (processes_[role]->WaitForExit(absl::ZeroDuration()).has_value()) {
      Start(role);
    } else {
      Continue(role);
    }
  }
}

void Cluster::Restart(Role role) {
  Kill(role);
  Start(role);
}

std::shared_ptr<grpc::Channel> Cluster::Connect(Role role) const {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 20);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 20);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 20);
  return grpc::CreateCustomChannel(AddressOf(role), grpc::InsecureChannelCredentials(), arguments);
}

v1::CampaignRun Cluster::GetRun(const std::string& run_id) const {
  v1::GetCampaignRunRequest request;
  request.set_campaign_run_id(run_id);
  const auto response = Call(kOrchestrator, &v1::Orchestrator::Stub::GetCampaignRun, request);
  EXPECT_OK(response);
  return response.ok() ? response->campaign_run() : v1::CampaignRun();
}

std::string Cluster::Run(const v1::RunCampaignRequest& request) const {
  const auto response = Call(kOrchestrator, &v1::Orchestrator::Stub::RunCampaign, request);
  EXPECT_OK(response);
  return response.ok() ? response->campaign_run().campaign_run_id() : "";
}

v1::CampaignRun Cluster::WaitForRun(const std::string& run_id,
                                    const std::function<bool(const v1::CampaignRun&)>& wanted) const {
  // The stream tells of changes ten times a second and ends where the run settles; kills are seldom that far apart.
  v1::CampaignRun run;
  EXPECT_TRUE(WaitUntil([&] { return wanted(run = GetRun(run_id)); })) << run.DebugString();
  return run;
}

v1::CampaignRun Cluster::WaitUntilFinished(const std::string& run_id) const {
  return WaitForRun(run_id, [](const v1::CampaignRun& run) { return run.state() == v1::CAMPAIGN_RUN_STATE_FINISHED; });
}

bool WaitUntil(const std::function<bool()>& condition) {
  const absl::Time deadline = absl::Now() + kPatience;
  while (!condition()) {
    if (absl::Now() > deadline || ::testing::Test::HasFatalFailure()) return false;
    poll(nullptr, 0, /*timeout=*/2);
  }
  return true;
}

int64_t CountOf(const v1::CampaignRun& run, v1::CustomerRunState state) {
  for (const v1::StateCount& count : run.state_counts()) {
    if (count.state() == state) return count.count();
  }
  return 0;
}

}  // namespace campaign::crash
