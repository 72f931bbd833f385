#include "services/delivery/mime.h"

#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/testing/testing.h"

namespace campaign::delivery {
namespace {

using ::campaign::testing::TempDir;
using ::campaign::testing::Utc;
using ::testing::HasSubstr;
using ::testing::Not;

std::string Quoted(absl::string_view text) {
  std::string output;
  AppendQuotedPrintable(text, output);
  return output;
}

TEST(QuotedPrintable, LeavesPlainTextAndMakesLineBreaksCrlf) {
  EXPECT_EQ(Quoted("Hello, you.\nBye\r\n\rX"), "Hello, you.\r\nBye\r\n\r\nX");
}

TEST(QuotedPrintable, QuotesWhatIsNotPrintable) {
  EXPECT_EQ(Quoted("a=b é\x01"), "a=3Db =C3=A9=01");
  EXPECT_EQ(Quoted("end \nnext\t"), "end=20\r\nnext=09");
}

TEST(QuotedPrintable, NoLineIsLongerThanTheStandardAllows) {
  for (const std::string& unit : {std::string("x"), std::string("é"), std::string("ab ="), std::string("🦊 x")}) {
    std::string text;
    for (int i = 0; i < 300; ++i) text += unit;
    for (absl::string_view line : absl::StrSplit(Quoted(text), "\r\n")) EXPECT_LE(line.size(), 76);
  }
}

TEST(EncodeHeaderText, LeavesShortAsciiAlone) {
  EXPECT_EQ(EncodeHeaderText("Ann, 20 % off shoes"), "Ann, 20 % off shoes");
  EXPECT_EQ(EncodeHeaderText(""), "");
}

TEST(EncodeHeaderText, EncodesTheRestInWordsThatDoNotCutCharacters) {
  EXPECT_EQ(EncodeHeaderText("Zoë"), "=?UTF-8?B?Wm/Dqw==?=");
  std::string foxes;
  for (int i = 0; i < 30; ++i) foxes += "🦊";
  const std::string encoded = EncodeHeaderText(foxes);
  for (absl::string_view line : absl::StrSplit(encoded, "\r\n")) EXPECT_LE(line.size(), 75);
  // 9 foxes of 4 bytes fit into a word of 39.
  EXPECT_EQ(std::vector<std::string>(absl::StrSplit(encoded, "\r\n ")).size(), 4);
}

TEST(EncodeHeaderText, NoValueAddsAHeader) {
  EXPECT_EQ(EncodeHeaderText("Hi\r\nBcc: all@example.com"), "Hi  Bcc: all@example.com");
  EXPECT_THAT(EncodeHeaderText("é\r\nBcc: all@example.com"), Not(HasSubstr("Bcc")));
}

TEST(IsMailbox, TakesPlainAddressesOnly) {
  for (const char* good : {"ann@example.com", "a.b+c_d@sub.example-shop.co", "o'neil@example.com", "x@localhost"}) {
    EXPECT_TRUE(IsMailbox(good)) << good;
  }
  for (const char* bad :
       {"", "ann", "@example.com", "ann@", "a b@example.com", "ann@exam ple.com", "a@b@c.d", "a..b@c.d", ".a@c.d",
        "a@.c", "a@c.", "ann@example.com\r\nBcc: x@y.z", "ann@example.com, bob@example.com", "Ann <ann@example.com>",
        "zoë@example.com", "\"a\"@example.com"}) {
    EXPECT_FALSE(IsMailbox(bad)) << bad;
  }
  EXPECT_FALSE(IsMailbox(absl::StrCat(std::string(65, 'x'), "@example.com")));
}

TEST(WholeCharacters, NeverCutsACharacter) {
  EXPECT_EQ(WholeCharacters("abc", 5), 3);
  EXPECT_EQ(WholeCharacters("abc", 2), 2);
  EXPECT_EQ(WholeCharacters("aé", 2), 1);
  EXPECT_EQ(WholeCharacters("é€x", 5), 5);
  EXPECT_EQ(WholeCharacters("é€x", 4), 2);
}

// What Python's standard library reads in `file`; null where there is no Python.
nlohmann::json ReadWithPython(const std::string& file) {
  constexpr char kProgram[] =
      "import email, email.policy, json, sys\n"
      "m = email.message_from_binary_file(open(sys.argv[1], 'rb'), policy=email.policy.default)\n"
      "parts = [p for p in m.walk() if not p.is_multipart()]\n"
      "print(json.dumps({'headers': {k: str(v) for k, v in m.items()}, 'type': m.get_content_type(),\n"
      "  'time': m['Date'].datetime.isoformat(), 'defects': [str(d) for p in m.walk() for d in p.defects] +\n"
      "     [str(d) for v in m.values() for d in v.defects],\n"
      "  'parts': [[p.get_content_type(), p.get_payload(decode=True).decode('utf-8')] for p in parts]}))\n";
  const std::string script = file + ".py";
  std::ofstream(script) << kProgram;
  FILE* pipe = popen(absl::StrCat("python3 ", script, " ", file, " 2>&1").c_str(), "r");
  if (pipe == nullptr) return nullptr;
  std::string output;
  for (int c = fgetc(pipe); c != EOF; c = fgetc(pipe)) output.push_back(static_cast<char>(c));
  const int status = pclose(pipe);
  if (WEXITSTATUS(status) == 127) return nullptr;  // The shell found no python3.
  EXPECT_EQ(status, 0) << output;
  return status == 0 ? nlohmann::json::parse(output) : nlohmann::json::object();
}

// Python hands out every line break as "\n"; on the wire each must be CRLF.
bool EveryLineEndsInCrlf(const std::string& email) {
  for (size_t i = 0; i < email.size(); ++i) {
    if (email[i] == '\n' && (i == 0 || email[i - 1] != '\r')) return false;
    if (email[i] == '\r' && (i + 1 == email.size() || email[i + 1] != '\n')) return false;
  }
  return true;
}

nlohmann::json RoundTrip(const Email& email, const TempDir& folder) {
  const std::string file = folder.File("message.eml");
  const std::string content = FormatEmail(email);
  EXPECT_TRUE(EveryLineEndsInCrlf(content));
  std::ofstream(file, std::ios::binary) << content;
  return ReadWithPython(file);
}

TEST(FormatEmail, PythonReadsBackWhatWasWritten) {
  const TempDir folder;
  const std::string text =
      "Liebe Zoë,\n\n20 % = viel 🦊.  \n" + std::string(200, 'x') + "\n--=_campaign_part--\n.\nFrom me\t";
  const std::string html = "<p title=\"a=b\">Grüße &amp; <b>mehr</b></p>\n<!-- " + std::string(1200, 'y') + " -->";
  const std::string subject =
      "Zoë, deine Überraschung wartet: 20 % auf alles, was du dir schon lange gewünscht hast 🦊🦊🦊";
  const nlohmann::json read = RoundTrip({.from = "shop@example.com",
                                         .to = "zoe@example.net",
                                         .subject = subject,
                                         .text = text,
                                         .html = html,
                                         .message_id = "run-1.email@example.com",
                                         .date = Utc("2026-06-15 12:00:05")},
                                        folder);
  if (read.is_null()) GTEST_SKIP() << "python3 is not here: nothing reads the e-mail back";
  EXPECT_EQ(read["defects"], nlohmann::json::array());
  EXPECT_EQ(read["type"], "multipart/alternative");
  EXPECT_EQ(read["headers"]["From"], "shop@example.com");
  EXPECT_EQ(read["headers"]["To"], "zoe@example.net");
  EXPECT_EQ(read["headers"]["Subject"], subject);
  EXPECT_EQ(read["headers"]["Message-ID"], "<run-1.email@example.com>");
  EXPECT_EQ(read["headers"]["MIME-Version"], "1.0");
  EXPECT_EQ(read["time"], "2026-06-15T12:00:05+00:00");
  ASSERT_EQ(read["parts"].size(), 2);
  EXPECT_EQ(read["parts"][0], (nlohmann::json{"text/plain", text}));
  EXPECT_EQ(read["parts"][1], (nlohmann::json{"text/html", html}));
}

TEST(FormatEmail, WithoutHtmlItIsPlainText) {
  const TempDir folder;
  const nlohmann::json read = RoundTrip({.from = "shop@example.com",
                                         .to = "ann@example.net",
                                         .subject = " padded ",
                                         .text = "Hello",
                                         .html = "",
                                         .message_id = "k@example.com",
                                         .date = Utc("2026-06-15 12:00:05")},
                                        folder);
  if (read.is_null()) GTEST_SKIP() << "python3 is not here: nothing reads the e-mail back";
  EXPECT_EQ(read["defects"], nlohmann::json::array());
  EXPECT_EQ(read["type"], "text/plain");
  EXPECT_EQ(read["parts"][0], (nlohmann::json{"text/plain", "Hello\n"}));
}

}  // namespace
}  // namespace campaign::delivery
