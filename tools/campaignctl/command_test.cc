#include "tools/campaignctl/command.h"

#include "tools/campaignctl/testing_fakes.h"

namespace campaign::ctl {
namespace {

using ::testing::HasSubstr;

TEST_F(ToolTest, AloneAndByHelpItShowsItsUsage) {
  const Outcome alone = Bare({});
  EXPECT_EQ(alone.code, 0);
  EXPECT_THAT(alone.out, HasSubstr("Usage: campaignctl COMMAND"));
  for (const Command& command : AllCommands()) EXPECT_THAT(alone.out, HasSubstr("\n  " + command.name)) << command.name;
  EXPECT_EQ(Bare({"help"}).out, alone.out);
  EXPECT_EQ(Bare({"--help"}).out, alone.out);
}

TEST_F(ToolTest, HelpShowsACommandsFlags) {
  const Outcome outcome = Bare({"help", "run"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_THAT(outcome.out, HasSubstr("Usage: campaignctl run CAMPAIGN [flags]"));
  EXPECT_THAT(outcome.out, HasSubstr("--audience [RULE]"));
  EXPECT_EQ(Bare({"run", "--help"}).out, outcome.out);
  EXPECT_THAT(Bare({"help", "suppress"}).out, HasSubstr("suppress remove"));
  EXPECT_THAT(Bare({"help", "suppress", "add"}).out, HasSubstr("--address ADDRESS"));
}

TEST_F(ToolTest, MistakesInTheCommandLineEndWithTwoAndAHint) {
  const auto misuse = [this](const std::vector<std::string>& words) {
    const Outcome outcome = Bare(words);
    EXPECT_EQ(outcome.code, 2);
    EXPECT_EQ(outcome.out, "");
    return outcome.err;
  };
  EXPECT_EQ(misuse({"aply"}), "campaignctl: unknown command 'aply'; nearest is 'apply'\nTry 'campaignctl help'.\n");
  EXPECT_EQ(misuse({"help", "aply"}),
            "campaignctl: unknown command 'aply'; nearest is 'apply'\nTry 'campaignctl help'.\n");
  EXPECT_EQ(misuse({"apply"}), "campaignctl: apply wants FILE...\nTry 'campaignctl help apply'.\n");
  EXPECT_EQ(misuse({"watch", "a", "b"}),
            "campaignctl: 'b' is too much; watch wants RUN\nTry 'campaignctl help watch'.\n");
  EXPECT_EQ(misuse({"suppress"}), "campaignctl: 'suppress' wants one of: add, remove, list\nTry 'campaignctl help'.\n");
  EXPECT_THAT(misuse({"--json", "run", "x", "--customr", "c"}),
              HasSubstr("unknown flag --customr; nearest is --customer"));
  EXPECT_THAT(misuse({"run", "x"}), HasSubstr("one of --customer ID, --customers FILE and --audience [RULE]"));
  EXPECT_THAT(misuse({"run", "x", "--customer", "a", "--audience"}), HasSubstr("one of --customer ID"));
  EXPECT_THAT(misuse({"run", "x", "--customer", "a", "--max", "3"}), HasSubstr("--max goes with --audience"));
  EXPECT_THAT(misuse({"run", "x", "--audience", "country = DE"}), HasSubstr("--audience: rule: '=' compares nothing"));
  EXPECT_THAT(misuse({"customers", "r", "--state", "lost"}), HasSubstr("--state: 'lost' is not known; known: pending"));
  EXPECT_THAT(misuse({"reject", "t"}), HasSubstr("reject wants --comment"));
  EXPECT_THAT(misuse({"modify", "t"}), HasSubstr("modify wants at least one of --text"));
  EXPECT_THAT(misuse({"suppress", "add"}), HasSubstr("one of --customer ID, --address ADDRESS"));
  EXPECT_THAT(misuse({"runs", "--limit", "few"}), HasSubstr("--limit wants a whole number"));
}

TEST_F(ToolTest, CommandsMayFollowGlobalFlags) {
  analytics_.report.Returns("");
  const std::string target = absl::StrCat("127.0.0.1:", server_->port());
  EXPECT_EQ(Bare({"--analytics", target, "report"}).out, "No customer runs are recorded for this.\n");
}

}  // namespace
}  // namespace campaign::ctl
