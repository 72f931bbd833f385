#include "tools/campaignctl/args.h"

#include "campaign/v1/types.pb.h"
#include "common/testing/testing.h"

namespace campaign::ctl {
namespace {

using ::testing::ElementsAre;
using testing::StatusIs;

const std::vector<FlagSpec>& Specs() {
  static const auto& specs = *new std::vector<FlagSpec>{{"dry_run", FlagSpec::kSwitch, "", ""},
                                                        {"customer", FlagSpec::kValue, "ID", ""},
                                                        {"max", FlagSpec::kValue, "N", ""},
                                                        {"audience", FlagSpec::kOptionalValue, "RULE", ""}};
  return specs;
}

absl::StatusOr<Arguments> Parse(const std::vector<std::string>& words) { return ParseArguments(words, Specs()); }

TEST(ParseArguments, TakesFlagsBeforeAndAfterWords) {
  ASSERT_OK_AND_ASSIGN(const Arguments arguments, Parse({"--dry-run", "win-back", "--customer", "c1", "--max=3", "-"}));
  EXPECT_THAT(arguments.positional, ElementsAre("win-back", "-"));
  EXPECT_TRUE(arguments.Has("dry_run"));
  EXPECT_EQ(arguments.Text("customer"), "c1");
  EXPECT_EQ(*arguments.Number("max", 0), 3);
  EXPECT_EQ(*arguments.Number("limit", 7), 7);
}

TEST(ParseArguments, TakesOptionalValuesOnlyWhereOneFollows) {
  EXPECT_EQ(Parse({"x", "--audience", "country == DE"})->Text("audience", "?"), "country == DE");
  EXPECT_EQ(Parse({"x", "--audience", "--max", "5"})->Text("audience", "?"), "");
  EXPECT_EQ(Parse({"x", "--audience"})->Text("audience", "?"), "");
}

TEST(ParseArguments, TakesEverythingAfterTwoDashesAsWords) {
  EXPECT_THAT(Parse({"--", "--customer", "-x"})->positional, ElementsAre("--customer", "-x"));
}

TEST(ParseArguments, SwitchesCanBeTurnedOff) {
  EXPECT_FALSE(Parse({"--dry_run=false"})->Has("dry_run"));
  EXPECT_TRUE(Parse({"--dry_run=true"})->Has("dry_run"));
}

TEST(ParseArguments, RefusesMistakes) {
  const auto usage_error = [](const std::vector<std::string>& words) {
    const absl::Status status = Parse(words).status();
    EXPECT_TRUE(IsUsageError(status)) << status;
    return std::string(status.message());
  };
  EXPECT_EQ(usage_error({"--custmer", "c"}), "unknown flag --custmer; nearest is --customer");
  EXPECT_EQ(usage_error({"-x"}), "unknown flag -x");
  EXPECT_EQ(usage_error({"--customer"}), "--customer wants a value: --customer ID");
  EXPECT_EQ(usage_error({"--customer", "--dry_run"}), "--customer wants a value: --customer ID");
  EXPECT_EQ(usage_error({"--dry_run", "--dry_run"}), "--dry_run comes twice");
  EXPECT_EQ(usage_error({"--dry_run=5"}), "--dry_run takes no value");
}

TEST(Arguments, NameTheFlagOfAWrongValue) {
  ASSERT_OK_AND_ASSIGN(const Arguments arguments, Parse({"--max", "-5", "--customer=soon"}));
  EXPECT_THAT(arguments.Number("max", 0), StatusIs(absl::StatusCode::kInvalidArgument, "--max wants a whole number"));
  EXPECT_THAT(arguments.Duration("customer", absl::Seconds(1)),
              StatusIs(absl::StatusCode::kInvalidArgument, "--customer: 'soon' is no duration"));
  EXPECT_THAT(EnumFlag<v1::Channel>(arguments, "customer"),
              StatusIs(absl::StatusCode::kInvalidArgument, "--customer: 'soon' is not known"));
  EXPECT_TRUE(IsUsageError(arguments.Number("max", 0).status()));
}

}  // namespace
}  // namespace campaign::ctl
