// The settings that ship with each server, and what the real binaries say to good and to bad ones.

#include <algorithm>
#include <cstring>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/testing/testing.h"
#include "common/yaml_node.h"
#include "tests/crash/port.h"
#include "tests/crash/process.h"

namespace campaign {
namespace {

using crash::kPatience;
using crash::Process;
using crash::ReservedPort;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::TestWithParam;

constexpr char kModes[][16] = {"check_config", "config", "health_check", "help"};

struct Ending {
  int code;
  std::string output;
};

// One of the eight, by the folder of its source, which is also that of its binary.
class Shipped : public TestWithParam<const char*> {
 protected:
  static std::string Name() { return std::string(absl::StripPrefix(GetParam(), "services/")); }
  static std::string File() { return absl::StrCat(SOURCE_FOLDER, "/", GetParam(), "/", Name(), ".yaml"); }
  static std::string Binary() { return absl::StrCat(BINARY_FOLDER, "/", GetParam(), "/", Name()); }

  // The process with these arguments, run until it ends by itself.
  static Ending RunToEnd(const std::vector<std::string>& arguments) {
    const auto process = Process::Start(Binary(), arguments);
    const absl::optional<int> code = process->WaitForExit(kPatience);
    return {code.value_or(-1), process->output()};
  }

  // Arguments for the shipped file on this machine, which has no /usr/share/campaign or /etc/campaign, and one more.
  static std::vector<std::string> WithFile(const std::string& argument) {
    std::vector<std::string> arguments = {"--config=" + File(), argument};
    if (Name() == "segmentation") {
      arguments.push_back(absl::StrCat("--intent_phrases=", SOURCE_FOLDER, "/services/segmentation/intents.txt"));
    }
    if (Name() == "compliance") {
      arguments.push_back(absl::StrCat("--jurisdictions=", SOURCE_FOLDER, "/services/compliance/jurisdictions.yaml"));
    }
    return arguments;
  }

  // Name and default of every setting, from --help.
  static std::map<std::string, std::string> Settings() {
    std::map<std::string, std::string> settings;
    const Ending help = RunToEnd({"--help"});
    EXPECT_EQ(help.code, 0);
    for (absl::string_view line : absl::StrSplit(help.output, '\n')) {
      const size_t after = line.rfind("default: ");
      if (!absl::ConsumePrefix(&line, "  --") || after == line.npos) continue;
      settings.emplace(line.substr(0, line.find(':')), line.substr(line.rfind("default: ") + 9));
    }
    return settings;
  }
};

TEST_P(Shipped, IsValid) {
  const Ending ending = RunToEnd(WithFile("--check_config"));
  EXPECT_EQ(ending.code, 0);
  EXPECT_EQ(ending.output, Name() + ": the configuration is valid\n");
}

TEST_P(Shipped, NamesEverySettingAndSaysWhatItIs) {
  std::ifstream file(File());
  const std::vector<std::string> lines =
      absl::StrSplit((std::stringstream() << file.rdbuf()).str(), absl::ByChar('\n'));
  std::set<std::string> named;
  const std::map<std::string, std::string> settings = Settings();
  for (const auto& entry : YAML::LoadFile(File())) {
    const std::string& name = entry.first.Scalar();
    named.insert(name);
    ASSERT_TRUE(settings.contains(name)) << name;
    // The comment right above it, as one text.
    std::string comment;
    for (int line = LineOf(entry.first) - 2; line >= 0 && absl::StartsWith(lines[line], "# "); --line) {
      comment = absl::StrCat(lines[line].substr(2), " ", comment);
    }
    const std::string& normal = settings.at(name);
    if (normal == "none") {
      EXPECT_THAT(comment, AnyOf(HasSubstr("Required"), HasSubstr("Default: empty"))) << name;
    } else {
      EXPECT_THAT(comment, HasSubstr(absl::StrCat("Default: ", normal, "."))) << name;
      EXPECT_EQ(entry.second.Scalar(), normal) << name;
    }
  }
  for (const auto& [name, normal] : settings) EXPECT_TRUE(named.contains(name)) << name << " is not in " << File();
  for (const char* mode : kModes) EXPECT_FALSE(named.contains(mode));
}

TEST_P(Shipped, WithAKeyMisspeltIsRefusedWithItsLine) {
  testing::TempDir folder;
  const std::string path = folder.File("typo.yaml");
  std::ifstream file(File());
  std::string text = (std::stringstream() << file.rdbuf()).str();
  const size_t at = text.find("\nlisten:") + 1;
  text.insert(at + 3, "s");
  std::ofstream(path) << text;
  const auto line = std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n') + 1;
  for (const char* mode : {"--check_config", "--health_check", "--drain=1s"}) {
    const Ending ending = RunToEnd({"--config=" + path, mode});
    EXPECT_EQ(ending.code, 2) << mode;
    EXPECT_EQ(ending.output,
              absl::StrCat(Name(), ": ", path, ":", line, ": unknown key 'lissten'; did you mean 'listen'?\n"));
  }
}

TEST_P(Shipped, WithAnAgeOutOfBoundsIsRefused) {
  const Ending ending = RunToEnd(WithFile("--max_connection_age=0s"));
  EXPECT_EQ(ending.code, 2);
  EXPECT_THAT(ending.output, HasSubstr("--max_connection_age: 0s is not a duration such as 1m30s, from 1s to 24h"));
}

TEST_P(Shipped, ReportsNoHealthWhereNothingListens) {
  const ReservedPort port;
  const std::string listen = absl::StrCat("--listen=0.0.0.0:", port.number());
  const Ending ending = RunToEnd({"--config=" + File(), listen, "--health_check"});
  EXPECT_EQ(ending.code, 1);
  EXPECT_THAT(ending.output, HasSubstr(absl::StrCat(Name(), ": 127.0.0.1:", port.number(), ": ")));
  EXPECT_EQ(std::count(ending.output.begin(), ending.output.end(), '\n'), 1) << ending.output;
}

// The file as it ships, with addresses and paths of this machine: starts, says what it runs with, is healthy, and ends
// well when it is told to.
TEST_P(Shipped, RunsAndSaysWithWhat) {
  testing::TempDir folder;
  const ReservedPort port;
  const std::string listen = absl::StrCat("--listen=0.0.0.0:", port.number());
  std::vector<std::string> arguments = WithFile(listen);
  for (const auto& [name, normal] : Settings()) {
    if (name == "database" || name == "spool") arguments.push_back(absl::StrCat("--", name, "=", folder.File(name)));
  }
  const auto process = Process::Start(Binary(), arguments);
  ASSERT_TRUE(process->WaitForOutput(" listening on ")) << process->output();
  EXPECT_THAT(process->output(), HasSubstr(absl::StrCat(Name(), " runs with ")));
  EXPECT_THAT(process->output(), HasSubstr(absl::StrCat(" listen=0.0.0.0:", port.number(), " ")));
  EXPECT_THAT(process->output(), HasSubstr(" max_connection_age=15s max_connection_age_grace=1m15s"));
  const Ending healthy = RunToEnd({"--config=" + File(), listen, "--health_check"});
  EXPECT_EQ(healthy.code, 0) << healthy.output;
  EXPECT_EQ(healthy.output, "");
  process->Terminate();
  EXPECT_EQ(process->WaitForExit(kPatience), 0) << process->output();
}

INSTANTIATE_TEST_SUITE_P(Config, Shipped,
                         ::testing::Values("orchestrator", "services/segmentation", "services/retrieval",
                                           "services/offer", "services/generator", "services/compliance",
                                           "services/delivery", "services/analytics"),
                         [](const auto& info) { return std::string(absl::StripPrefix(info.param, "services/")); });

// What one server alone asks of its settings.
class OneServer : public ::testing::Test {
 protected:
  static Ending Check(const std::string& folder, std::vector<std::string> arguments) {
    const std::string name(absl::StripPrefix(folder, "services/"));
    arguments.insert(arguments.begin(), {absl::StrCat("--config=", SOURCE_FOLDER, "/", folder, "/", name, ".yaml"),
                                         std::string("--check_config")});
    const auto process = Process::Start(absl::StrCat(BINARY_FOLDER, "/", folder, "/", name), arguments);
    const absl::optional<int> code = process->WaitForExit(kPatience);
    return {code.value_or(-1), process->output()};
  }
};

TEST_F(OneServer, OrchestratorRefusesBatchesOutOfBounds) {
  for (const char* wrong : {"--batch_size=0", "--batch_size=513", "--bulk_batches=0", "--single_batches=65"}) {
    const Ending ending = Check("orchestrator", {wrong});
    EXPECT_EQ(ending.code, 2) << wrong;
    EXPECT_THAT(ending.output,
                HasSubstr(absl::StrCat("orchestrator: ", std::string(wrong, std::strchr(wrong, '=')), ": ")));
    EXPECT_THAT(ending.output, HasSubstr(" is not a whole number from 1 to "));
  }
}

TEST_F(OneServer, SegmentationRefusesPhrasesThatItCannotLearnFrom) {
  testing::TempDir folder;
  const std::string phrases = folder.File("phrases");
  Ending ending = Check("services/segmentation", {"--intent_phrases=" + phrases});
  EXPECT_EQ(ending.code, 2);
  EXPECT_EQ(ending.output, "segmentation: --intent_phrases: " + phrases + ": cannot be read\n");
  std::ofstream(phrases) << "a phrase of no intent\n";
  ending = Check("services/segmentation", {"--intent_phrases=" + phrases});
  EXPECT_EQ(ending.code, 2);
  EXPECT_THAT(ending.output, HasSubstr(phrases + ": line 1: "));
}

TEST_F(OneServer, ComplianceRefusesTablesAndWordsThatItCannotUse) {
  testing::TempDir folder;
  const std::string table = folder.File("jurisdictions.yaml");
  Ending ending = Check("services/compliance", {"--jurisdictions=" + table});
  EXPECT_EQ(ending.code, 2);
  EXPECT_EQ(ending.output, "compliance: " + table + ": cannot be read, or is empty\n");
  std::ofstream(table) << "jurisdictions:\n- name: EU\n  countrys: [DE]\n";
  ending = Check("services/compliance", {"--jurisdictions=" + table});
  EXPECT_EQ(ending.code, 2);
  EXPECT_EQ(ending.output, "compliance: " + table + ":3: unknown key 'countrys'; did you mean 'countries'?\n");
  ending = Check("services/compliance", {"--start_words=yes,Stop"});
  EXPECT_EQ(ending.code, 2);
  EXPECT_EQ(ending.output, "compliance: --start_words: Stop is a word that stops\n");
}

TEST_F(OneServer, GeneratorRefusesALanguageModelWithoutNamePricesOrKey) {
  const std::vector<std::string> good = {"--text_model_url=https://a.example/v1", "--text_model_name=small",
                                         "--text_model_id=tiny-1", "--text_model_input_price_micros=150",
                                         "--text_model_output_price_micros=600"};
  EXPECT_EQ(Check("services/generator", good).code, 0);
  const std::pair<const char*, const char*> wrongs[] = {
      {"--text_model_url=a.example", "generator: text_model_url: a.example is no http"},
      {"--text_model_name=", "generator: text_model_name: (absent)"},
      {"--text_model_id=", "generator: text_model_id: (absent)"},
      {"--text_model_input_price_micros=", "generator: text_model_input_price_micros: (absent)"},
      {"--text_model_output_price_micros=-1", "generator: text_model_output_price_micros: -1 is no whole number"},
      {"--text_model_key_file=/nonexistent", "generator: text_model_key_file: /nonexistent cannot be read"}};
  for (const auto& [wrong, message] : wrongs) {
    std::vector<std::string> arguments = good;
    arguments.push_back(wrong);
    const Ending ending = Check("services/generator", arguments);
    EXPECT_EQ(ending.code, 2) << wrong;
    EXPECT_THAT(ending.output, HasSubstr(message)) << wrong;
  }
}

TEST_F(OneServer, DeliveryRefusesAProviderItHasNotGotOrCannotUse) {
  Ending ending = Check("services/delivery", {"--provider=pigeon"});
  EXPECT_EQ(ending.code, 2);
  EXPECT_EQ(ending.output, "delivery: --provider: pigeon is neither spool nor count\n");
  ending = Check("services/delivery", {"--sender_address=nobody"});
  EXPECT_EQ(ending.code, 2);
  EXPECT_THAT(ending.output, HasSubstr("sender_address: nobody is not a plain e-mail address"));
  ending = Check("services/delivery", {"--spool="});
  EXPECT_EQ(ending.code, 2);
  EXPECT_EQ(ending.output, "delivery: --spool is required for provider spool\n");
  EXPECT_EQ(Check("services/delivery", {"--provider=count", "--spool="}).code, 0);
}

}  // namespace
}  // namespace campaign
