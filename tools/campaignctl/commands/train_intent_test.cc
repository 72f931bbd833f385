#include <filesystem>

#include "common/text/intent_model.h"
#include "tools/campaignctl/testing_fakes.h"

namespace campaign::ctl {
namespace {

using ::testing::HasSubstr;

// Enough for the intents to be told apart, and for a fifth to be held out.
std::string Table() {
  std::string table = "text,category\n";
  for (const char* item : {"boots", "shirt", "jacket", "bag", "scarf", "hat", "belt", "watch", "gloves", "socks"}) {
    absl::StrAppend(&table, "where is my ", item, ",Where is it?\n", "\"please, cancel my ", item, "\",cancel\n");
  }
  return table;
}

TEST_F(ToolTest, TrainIntentWritesAModelAndSaysHowGoodItIs) {
  const std::string phrases = Write("phrases.csv", Table());
  const std::string model_file = dir_.File("intents.model");
  const Outcome outcome = Bare({"train", "intent", phrases, "--out", model_file});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr(" held out are recognized by a model of the other "));
  ASSERT_OK_AND_ASSIGN(const auto model, text::IntentModel::ReadFromFile(model_file));
  EXPECT_THAT(outcome.out,
              HasSubstr(absl::StrCat("Learnt 2 intents from 20 phrases; version ", model->version(), " is in ")));
  EXPECT_EQ(model->Classify("please cancel the boots", 0).name, "cancel");
  EXPECT_EQ(model->Classify("where is the shirt", 0).name, "where_is_it");

  const Outcome json = Bare({"train", "intent", phrases, "--json"});
  EXPECT_THAT(json.out, HasSubstr(absl::StrCat("\"modelVersion\": \"", model->version(), "\"")));
  EXPECT_THAT(json.out, HasSubstr("\"heldOutCount\": "));
  EXPECT_TRUE(std::filesystem::exists(dir_.File("phrases.model")));
}

TEST_F(ToolTest, TrainIntentNamesWhatIsWrongAndLeavesNoFile) {
  const std::string phrases = Write("phrases.txt", "[refund]\nmoney back\n");
  const Outcome one = Bare({"train", "intent", phrases});
  EXPECT_EQ(one.code, 1);
  EXPECT_THAT(one.err, HasSubstr("phrases.txt: phrases: 1 phrases of fewer than two intents"));
  EXPECT_FALSE(std::filesystem::exists(dir_.File("phrases.model")));
  EXPECT_THAT(Bare({"train", "intent", dir_.File("absent.csv")}).err, HasSubstr("absent.csv: cannot be read"));
  const std::string table = Write("phrases.csv", Table());
  EXPECT_THAT(Bare({"train", "intent", table, "--out", dir_.File("no/where")}).err, HasSubstr("cannot write "));
  const Outcome same = Bare({"train", "intent", table, "--out", table});
  EXPECT_EQ(same.code, 2);
  EXPECT_THAT(same.err, HasSubstr("would overwrite the phrases"));
  EXPECT_THAT(Bare({"train"}).err, HasSubstr("'train' wants one of: "));
}

}  // namespace
}  // namespace campaign::ctl
