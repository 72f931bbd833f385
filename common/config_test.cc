#include "common/config.h"

#include <fstream>

#include "absl/flags/flag.h"
#include "absl/flags/reflection.h"
#include "absl/strings/str_cat.h"
#include "common/flag_types.h"
#include "common/testing/testing.h"

using Share = campaign::Whole<1, 100>;
using Patience = campaign::Span<1, 60>;

ABSL_FLAG(std::string, folder, "", "where");
ABSL_FLAG(Share, share, Share{50}, "how much");
ABSL_FLAG(Patience, patience, Patience{absl::Seconds(5)}, "how long");
ABSL_FLAG(bool, loud, false, "whether to say so");
ABSL_FLAG(campaign::Address, door, {}, "whom to ask");

namespace campaign {
namespace {

using ::campaign::testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class ConfigTest : public ::testing::Test {
 protected:
  // Reads a file with this text, then `arguments`.
  absl::Status Read(const std::string& yaml, std::vector<std::string> arguments = {}) {
    std::ofstream(file_) << yaml;
    arguments.insert(arguments.begin(), "--config=" + file_);
    return ReadArguments(arguments);
  }

  static absl::Status ReadArguments(const std::vector<std::string>& arguments) {
    std::vector<const char*> argv = {"program"};
    for (const std::string& argument : arguments) argv.push_back(argument.c_str());
    return ReadSettings(static_cast<int>(argv.size()), argv.data());
  }

  void ExpectRefused(const std::string& yaml, const std::string& what) {
    EXPECT_THAT(Read(yaml), StatusIs(absl::StatusCode::kInvalidArgument, file_ + what)) << yaml;
  }

  const absl::FlagSaver saver_;
  const testing::TempDir dir_;
  const std::string file_ = dir_.File("c.yaml");
};

TEST_F(ConfigTest, AFileSetsFlagsByTheirNames) {
  ASSERT_OK(Read("# all kinds\nfolder: /a b\nshare: 7\npatience: 1m\nloud: true\ndoor: dns:///x:1\n"));
  EXPECT_EQ(absl::GetFlag(FLAGS_folder), "/a b");
  EXPECT_EQ(absl::GetFlag(FLAGS_share).value, 7);
  EXPECT_EQ(absl::GetFlag(FLAGS_patience).value, absl::Minutes(1));
  EXPECT_TRUE(absl::GetFlag(FLAGS_loud));
  EXPECT_EQ(absl::GetFlag(FLAGS_door).text, "dns:///x:1");
}

TEST_F(ConfigTest, FlagsOverrideTheFileWhereverTheyStand) {
  ASSERT_OK(Read("folder: /file\nshare: 7\n", {"--folder=/flag"}));
  EXPECT_EQ(absl::GetFlag(FLAGS_folder), "/flag");
  EXPECT_EQ(absl::GetFlag(FLAGS_share).value, 7);
  ASSERT_OK(ReadArguments({"--folder", "/other", "--loud", "--config", file_}));
  EXPECT_EQ(absl::GetFlag(FLAGS_folder), "/other");
  EXPECT_TRUE(absl::GetFlag(FLAGS_loud));
}

TEST_F(ConfigTest, AFileThatSaysNothingLeavesDefaults) {
  ASSERT_OK(Read("# nothing\n"));
  EXPECT_EQ(absl::GetFlag(FLAGS_share).value, 50);
}

TEST_F(ConfigTest, AnUnknownKeyIsNamedWithLineAndNearestKnownOne) {
  ExpectRefused("share: 7\n\nfoldre: x\n", ":3: unknown key 'foldre'; did you mean 'folder'?");
  ExpectRefused("zzzzzzzz: 1\n", ":1: unknown key 'zzzzzzzz'; known: door, folder, loud, patience, share");
}

TEST_F(ConfigTest, WhatToDoIsNoSetting) {
  for (const char* key : {"config", "check_config", "health_check", "help"}) {
    ExpectRefused(absl::StrCat(key, ": x\n"), absl::StrCat(":1: unknown key '", key, "'"));
  }
}

TEST_F(ConfigTest, AValueOutsideItsBoundsIsNamedWithThem) {
  ExpectRefused("folder: x\nshare: 101\n", ":2: share: 101 is not a whole number from 1 to 100");
  ExpectRefused("share: seven\n", ":1: share: seven is not a whole number from 1 to 100");
  ExpectRefused("share: 99999999999\n", ":1: share: 99999999999 is not a whole number from 1 to 100");
  ExpectRefused("patience: 5\n", ":1: patience: 5 is not a duration such as 1m30s, from 1s to 1m");
  ExpectRefused("patience: 2h\n", ":1: patience: 2h is not a duration such as 1m30s, from 1s to 1m");
  ExpectRefused("loud: perhaps\n", ":1: loud: perhaps is neither true nor false");
  ExpectRefused("door: localhost\n", ":1: door: localhost is not HOST:PORT with a port from 0 to 65535");
  ExpectRefused("door: localhost:65536\n", ":1: door: localhost:65536 is not HOST:PORT");
  ExpectRefused("door: ''\n", ":1: door: '' is not HOST:PORT");
  EXPECT_EQ(absl::GetFlag(FLAGS_share).value, 50);
}

TEST_F(ConfigTest, AKeyMayNotComeTwice) {
  ExpectRefused("share: 1\nloud: true\nshare: 2\n", ":3: key 'share' comes twice");
}

TEST_F(ConfigTest, AFileIsOneMapOfSingleValues) {
  ExpectRefused("- share\n", ":1: wants a map of settings, has a list");
  ExpectRefused("share\n", ":1: wants a map of settings, has 'share'");
  ExpectRefused("share:\n", ":1: share: wants one value, has no value");
  ExpectRefused("loud: true\nshare: [1, 2]\n", ":2: share: wants one value, has a list");
  ExpectRefused("share: {a: 1}\n", ":1: share: wants one value, has a map");
  ExpectRefused("[a, b]: 1\n", ":1: a key is a name, not a list");
  ExpectRefused("share: 1\n---\nloud: true\n", ":3: a second document; there may be one");
}

TEST_F(ConfigTest, BrokenYamlIsNamedWithItsLine) { ExpectRefused("share: 1\nfolder: [x\nloud: true\n", ":3: "); }

TEST_F(ConfigTest, AFileThatCannotBeReadIsNamed) {
  EXPECT_THAT(ReadArguments({"--config=/no/such.yaml"}),
              StatusIs(absl::StatusCode::kInvalidArgument, "--config: /no/such.yaml cannot be read"));
  EXPECT_THAT(ReadArguments({"--config=" + dir_.path()}),
              StatusIs(absl::StatusCode::kInvalidArgument, "cannot be read"));
}

TEST_F(ConfigTest, ABrokenFileIsAnErrorAlsoWhereFlagsOverrideIt) {
  EXPECT_THAT(Read("share: 101\n", {"--share=1"}), StatusIs(absl::StatusCode::kInvalidArgument, "share: 101"));
}

TEST_F(ConfigTest, TheCommandLineIsCheckedLikeAFile) {
  EXPECT_THAT(ReadArguments({"--foldre=x"}),
              StatusIs(absl::StatusCode::kInvalidArgument, "unknown flag --foldre; did you mean --folder?"));
  EXPECT_THAT(ReadArguments({"--share=0"}),
              StatusIs(absl::StatusCode::kInvalidArgument, "--share: 0 is not a whole number from 1 to 100"));
  EXPECT_THAT(ReadArguments({"--loud=x"}),
              StatusIs(absl::StatusCode::kInvalidArgument, "--loud: x is neither true nor false"));
  EXPECT_THAT(ReadArguments({"--folder"}), StatusIs(absl::StatusCode::kInvalidArgument, "--folder has no value"));
  EXPECT_THAT(ReadArguments({"folder"}), StatusIs(absl::StatusCode::kInvalidArgument, "folder is not a flag"));
}

TEST_F(ConfigTest, RequiredSettingsThatAreMissingAreNamed) {
  ASSERT_OK(Read("folder: /x\n"));
  EXPECT_OK(RequireSettings({"folder"}));
  EXPECT_THAT(RequireSettings({"folder", "door"}), StatusIs(absl::StatusCode::kInvalidArgument, "--door is required"));
}

TEST_F(ConfigTest, SettingsAreDescribedSortedAndOnOneLine) {
  ASSERT_OK(Read("folder: /x\nshare: 7\n"));
  EXPECT_EQ(DescribeSettings(), "door= folder=/x loud=false patience=5s share=7");
}

TEST_F(ConfigTest, HelpNamesEveryFlagWithItsDefault) {
  EXPECT_THAT(DescribeFlags(),
              AllOf(HasSubstr("  --share: how much; default: 50\n"), HasSubstr("  --folder: where; default: none\n"),
                    HasSubstr("  --check_config: "), Not(HasSubstr("flagfile"))));
}

}  // namespace
}  // namespace campaign
