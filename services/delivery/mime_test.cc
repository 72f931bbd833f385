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

Email Plain() {
  return {.from = "shop@example.com",
          .to = "ann@example.net",
          .subject = "Hi",
          .text = "Hello",
          .html = "<html><BODY class=\"a\"><p>Hello</p></BODY></html>",
          .message_id = "k@example.com",
          .date = Utc("2026-06-15 12:00:05")};
}

std::string CodeOf(const Email& email) {
  const absl::optional<SendOutcome> refusal = RefusalOf(email);
  if (!refusal.has_value()) return "";
  EXPECT_EQ(refusal->kind, SendOutcome::Kind::kRejected);
  return refusal->code;
}

TEST(RefusalOf, ALineBreakOrNulInAHeaderIsRefusedNotCleaned) {
  const std::string injections[] = {"x\r\nBcc: all@example.com", "x\nBcc: all@example.com", "x\rBcc: all@example.com",
                                    std::string("x\0y", 3)};
  absl::string_view Email::*const headers[] = {&Email::from,    &Email::from_name,       &Email::to,
                                               &Email::subject, &Email::unsubscribe_url, &Email::message_id};
  EXPECT_EQ(CodeOf(Plain()), "");
  for (const std::string& injection : injections) {
    for (absl::string_view Email::*header : headers) {
      Email email = Plain();
      email.*header = injection;
      EXPECT_EQ(CodeOf(email), kHeaderInjection) << injection;
    }
  }
}

TEST(RefusalOf, AnAddressBeyondAsciiIsRefusedByThatName) {
  Email email = Plain();
  email.to = "zoë@example.net";
  EXPECT_EQ(CodeOf(email), kAddressNotAscii);
  email.to = "zoe@exämple.net";
  EXPECT_EQ(CodeOf(email), kAddressNotAscii);
  email.to = "zoe at example.net";
  EXPECT_EQ(CodeOf(email), kAddressInvalid);
}

TEST(RefusalOf, Rfc8058WantsAnHttpsLinkThatFitsALine) {
  Email email = Plain();
  email.unsubscribe_url = "https://shop.example.com/u?c=1&t=%C3%A9";
  EXPECT_EQ(CodeOf(email), "");
  const std::string longest = absl::StrCat("https://", std::string(892, 'x'));
  email.unsubscribe_url = longest;
  EXPECT_EQ(CodeOf(email), "");
  const std::string longer = longest + "x";
  for (absl::string_view bad :
       {absl::string_view("http://shop.example.com/u"), absl::string_view("https://"),
        absl::string_view("mailto:a@b.c"), absl::string_view("https://a.b/> <https://c.d/"),
        absl::string_view("https://a.b/é"), absl::string_view("https://a.b/x y"), absl::string_view(longer)}) {
    email.unsubscribe_url = bad;
    EXPECT_EQ(CodeOf(email), kUnsubscribeUrlInvalid) << bad;
  }
}

TEST(FormatEmail, Rfc8058OneClickHeadersStandTogether) {
  Email email = Plain();
  EXPECT_THAT(FormatEmail(email), Not(HasSubstr("List-Unsubscribe")));
  email.unsubscribe_url = "https://shop.example.com/u?c=1";
  EXPECT_THAT(FormatEmail(email), HasSubstr("\r\nList-Unsubscribe: <https://shop.example.com/u?c=1>\r\n"
                                            "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"));
}

TEST(FormatEmail, APreheaderThatIsNotInTheHtmlIsPutAtTheStartOfItsBody) {
  Email email = Plain();
  email.preheader = "20 % & \"more\"";
  EXPECT_THAT(FormatEmail(email),
              HasSubstr("<html><BODY class=3D\"a\"><div style=3D\"display:none;max-height:0;overflow:hi=\r\n"
                        "dden\">20 % &amp; &quot;more&quot;</div><p>Hello</p></BODY></html>"));
  email.html = "<p>Hello</p>";
  EXPECT_THAT(FormatEmail(email),
              HasSubstr("<div style=3D\"display:none;max-height:0;overflow:hidden\">20 % &amp; &qu"));
  for (const char* html : {"<i hidden>20 % & \"more\"</i>x", "<i hidden>20 % &amp; &quot;more&quot;</i>x"}) {
    email.html = html;
    EXPECT_THAT(FormatEmail(email), Not(HasSubstr("<div"))) << html;
  }
  email.html = "";
  EXPECT_THAT(FormatEmail(email), Not(HasSubstr("20 %"))) << "a plain text's own start is what an inbox shows";
}

TEST(FormatEmail, TheSendersNameIsQuotedOrEncoded) {
  Email email = Plain();
  EXPECT_THAT(FormatEmail(email), HasSubstr("From: shop@example.com\r\n"));
  email.from_name = "Nordlicht, \"Shop\"";
  EXPECT_THAT(FormatEmail(email), HasSubstr("From: \"Nordlicht, \\\"Shop\\\"\" <shop@example.com>\r\n"));
  email.from_name = "Café";
  EXPECT_THAT(FormatEmail(email), HasSubstr("From: =?UTF-8?B?Q2Fmw6k=?=\r\n <shop@example.com>\r\n"));
}

TEST(FormatEmail, NoLineIsLongerThanRfc5322Allows) {
  const std::string url = absl::StrCat("https://", std::string(892, 'x'));
  const std::string subject(1000, 's');
  const std::string body(5000, 'b');
  Email email = Plain();
  email.unsubscribe_url = url;
  email.subject = subject;
  email.from_name = subject;
  email.text = body;
  email.html = body;
  for (absl::string_view line : absl::StrSplit(FormatEmail(email), "\r\n")) EXPECT_LE(line.size(), 998);
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
