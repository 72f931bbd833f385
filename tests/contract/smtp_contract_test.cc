// E-mails as a real mail server gets them, and how the connection to it is made, kept and secured.

#include <sys/resource.h>

#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "services/delivery/bounce_class.h"
#include "tests/contract/smtp_fixture.h"

namespace campaign::contract {
namespace {

using namespace campaign::delivery;  // NOLINT(google-build-using-namespace): the sender and its reason codes.
using ::testing::HasSubstr;
using Kind = SendOutcome::Kind;
using Json = nlohmann::json;

class SmtpContentTest : public SmtpTest {};

TEST_F(SmtpContentTest, PythonReadsWhatWasSent) {
  v1::Message message = Email("zoe");
  message.set_subject("Zoë, 20 % auf alles 🦊 – nur für dich, und nur bis Sonntag um Mitternacht: schlag zu!");
  message.set_preheader("Größen & Farben, \"solange\" der Vorrat reicht");
  message.set_text("Liebe Zoë,\n\n.\n..\n.htaccess\n" + std::string(2000, 'x') + "\n  Grüße 🦊 \n");
  message.set_html("<html><body><p>Grüße &amp; <b>mehr</b></p>\n.\n.x\n" + std::string(3000, 'y') + "</body></html>");
  message.set_unsubscribe_url("https://shop.example.com/u?c=42&t=a%20b");
  SmtpOptions options = Options(SharedSmtpServer());
  options.from_name = "Café Nördlich";
  EXPECT_EQ(Send(*Sender(options), message).kind, Kind::kAccepted);

  const Json read = SharedSmtpServer().Read("zoe");
  EXPECT_EQ(read["mail_from"], "shop@example.com");
  EXPECT_EQ(read["rcpt_tos"], Json({"zoe@example.com"}));
  EXPECT_EQ(read["defects"], Json::array());
  EXPECT_EQ(read["bare_line_breaks"], 0);
  EXPECT_LE(read["longest_line"], 998);
  EXPECT_EQ(read["headers"]["Subject"], message.subject());
  EXPECT_EQ(read["headers"]["To"], "zoe@example.com");
  EXPECT_EQ(read["headers"]["Message-ID"], "<key0@example.com>");
  EXPECT_EQ(read["headers"]["List-Unsubscribe"], "<https://shop.example.com/u?c=42&t=a%20b>");
  EXPECT_EQ(read["headers"]["List-Unsubscribe-Post"], "List-Unsubscribe=One-Click");
  EXPECT_EQ(read["from_name"], "Café Nördlich");
  EXPECT_EQ(read["time"], "2026-06-15T12:00:05+00:00");
  EXPECT_EQ(read["type"], "multipart/alternative");
  ASSERT_EQ(read["parts"].size(), 2);
  EXPECT_EQ(read["parts"][0], Json({"text/plain", message.text()}));
  std::string html = message.html();
  html.insert(html.find("<p>"),
              "<div style=\"display:none;max-height:0;overflow:hidden\">Größen &amp; Farben, &quot;solange&quot; der "
              "Vorrat reicht</div>");
  EXPECT_EQ(read["parts"][1], Json({"text/html", html}));
}

// RFC 5321 section 4.5.2. Large enough that dots fall on every border of libcurl's buffers.
TEST_F(SmtpContentTest, DotsAtTheStartOfLinesArriveAsTheyWere) {
  std::string text;
  for (int i = 0; text.size() < 300'000; ++i) text += std::string(i % 3 + 1, '.') + std::string(i % 61, 'a') + "\n";
  EXPECT_EQ(Send(*Sender(Options(SharedSmtpServer())), Email("dots", text)).kind, Kind::kAccepted);
  const Json read = SharedSmtpServer().Read("dots");
  EXPECT_EQ(read["defects"], Json::array());
  EXPECT_TRUE(read["parts"][0][1] == text + "\n");
}

TEST_F(SmtpContentTest, AcceptedCarriesTheNameThatTheServerGaveTheMessage) {
  EXPECT_EQ(Send(*Sender(Options(SharedSmtpServer())), Email("named")).provider_message_id, "named");
}

// Of this process.
absl::Duration CpuTime() {
  rusage usage = {};
  EXPECT_EQ(getrusage(RUSAGE_SELF, &usage), 0);
  return absl::DurationFromTimeval(usage.ru_utime) + absl::DurationFromTimeval(usage.ru_stime);
}

class SmtpConnectionTest : public SmtpTest {
 protected:
  static std::vector<v1::Message> Emails(absl::string_view prefix, int count) {
    std::vector<v1::Message> emails;
    for (int i = 0; i < count; ++i) emails.push_back(Email(absl::StrCat(prefix, i)));
    return emails;
  }
  void ExpectAllAccepted(SmtpSender& sender, const std::vector<v1::Message>& emails) {
    for (const SendOutcome& outcome : SendAll(sender, emails)) EXPECT_EQ(outcome.kind, Kind::kAccepted) << outcome.code;
  }
};

TEST_F(SmtpConnectionTest, ManyMessagesGoOverOneConnection) {
  SmtpServer& server = SharedSmtpServer();
  const int before = server.Count("connected");
  const std::unique_ptr<SmtpSender> sender = Sender(Options(server));
  ExpectAllAccepted(*sender, Emails("a", 20));
  ExpectAllAccepted(*sender, Emails("b", 20));
  EXPECT_EQ(server.Count("connected") - before, 1);
}

TEST_F(SmtpConnectionTest, AConnectionIsClosedAfterAsManyAsTheSettingsSay) {
  SmtpServer& server = SharedSmtpServer();
  const int before = server.Count("connected");
  const int quits = server.Count("command QUIT");
  SmtpOptions options = Options(server);
  options.max_messages_per_connection = 4;
  ExpectAllAccepted(*Sender(options), Emails("c", 10));
  EXPECT_EQ(server.Count("connected") - before, 3);
  EXPECT_GE(server.Count("command QUIT") - quits, 2);
}

TEST_F(SmtpConnectionTest, AServerThatSays421AfterSomeMessagesGetsTheRestOverNewConnections) {
  const SmtpServer server({"--max_messages", "3"});
  ExpectAllAccepted(*Sender(Options(server)), Emails("d", 10));
  EXPECT_EQ(server.Count("connected"), 4);
  EXPECT_EQ(server.accepted_count(), 10);
}

TEST_F(SmtpConnectionTest, TheTimeoutIsForEachMessageNotForTheConnection) {
  SmtpOptions options = Impatient(SharedSmtpServer());
  options.message_timeout = absl::Milliseconds(350);
  const std::unique_ptr<SmtpSender> sender = Sender(options);
  for (const char* recipient : {"late-end-1", "late-end-2", "late-end-3"}) {
    EXPECT_EQ(Send(*sender, Email(recipient)).kind, Kind::kAccepted) << recipient;
  }
}

TEST_F(SmtpConnectionTest, SeveralConnectionsShareABatch) {
  const SmtpServer server({"--quiet"});
  SmtpOptions options = Options(server);
  options.max_connections = 8;
  const std::unique_ptr<SmtpSender> sender = Sender(options);
  ExpectAllAccepted(*sender, Emails("warm", 8));
  const absl::Time start = absl::Now();
  const absl::Duration cpu = CpuTime();
  ExpectAllAccepted(*sender, Emails("e", 512));
  RecordProperty("messages_per_second", static_cast<int>(512 / absl::ToDoubleSeconds(absl::Now() - start)));
  RecordProperty("cpu_microseconds_a_message", static_cast<int>(absl::ToInt64Microseconds(CpuTime() - cpu) / 512));
  EXPECT_EQ(server.accepted_count(), 520);
}

// Servers that want TLS and a login, shared by the tests below.
class SmtpSecurityTest : public SmtpTest {
 protected:
  struct Servers {
    testing::TempDir folder;
    Certificate certificate = MakeCertificate(folder);
    SmtpServer starttls{{"--cert", certificate.cert_file, "--key", certificate.key_file, "--login", "ann:pa ss:ä"}};
    SmtpServer tls{
        {"--cert", certificate.cert_file, "--key", certificate.key_file, "--login", "ann:pa ss:ä", "--tls_first"}};
  };

  static Servers& servers() {
    static Servers servers;
    return servers;
  }

  static SmtpOptions Secure(const SmtpServer& server, Security security) {
    SmtpOptions options = Options(server);
    options.security = security;
    options.ca_file = servers().certificate.cert_file;
    options.user = "ann";
    options.password = "pa ss:ä";
    return options;
  }

  // Sends, and expects that the server is not told of any message.
  void ExpectNothingSaid(const SmtpOptions& options, const SmtpServer& server, absl::string_view code) {
    const int mails = server.Count("command MAIL");
    const SendOutcome outcome = Send(*Sender(options), Email("secret"));
    EXPECT_EQ(outcome.kind, Kind::kRetry);
    EXPECT_EQ(outcome.code, code);
    EXPECT_TRUE(outcome.provider_down);
    EXPECT_EQ(server.Count("command MAIL"), mails);
    EXPECT_FALSE(server.Accepted("secret"));
  }
};

TEST_F(SmtpSecurityTest, Rfc3207StartTlsComesBeforeLoginAndMessage) {
  const SmtpServer& server = servers().starttls;
  EXPECT_EQ(Send(*Sender(Secure(servers().starttls, Security::kStartTls)), Email("upgraded")).kind, Kind::kAccepted);
  EXPECT_TRUE(server.Accepted("upgraded"));
  EXPECT_THAT(servers().starttls.process().output(),
              HasSubstr("command EHLO\ncommand STARTTLS\ncommand EHLO\ncommand AUTH\ncommand MAIL\n"));
}

TEST_F(SmtpSecurityTest, TlsFromTheFirstByte) {
  EXPECT_EQ(Send(*Sender(Secure(servers().tls, Security::kTls)), Email("wrapped")).kind, Kind::kAccepted);
  EXPECT_TRUE(servers().tls.Accepted("wrapped"));
}

TEST_F(SmtpSecurityTest, EncryptedConnectionsAreKeptToo) {
  SmtpServer& server = servers().tls;
  const int before = server.Count("connected");
  const std::unique_ptr<SmtpSender> sender = Sender(Secure(server, Security::kTls));
  for (int i = 0; i < 5; ++i) EXPECT_EQ(Send(*sender, Email(absl::StrCat("kept", i))).kind, Kind::kAccepted);
  EXPECT_EQ(server.Count("connected") - before, 1);
}

TEST_F(SmtpSecurityTest, ACertificateThatNobodyTrustsGetsNothing) {
  SmtpOptions options = Secure(servers().starttls, Security::kStartTls);
  options.ca_file.clear();
  ExpectNothingSaid(options, servers().starttls, kSmtpTlsFailed);
  options = Secure(servers().tls, Security::kTls);
  options.ca_file.clear();
  ExpectNothingSaid(options, servers().tls, kSmtpTlsFailed);
}

TEST_F(SmtpSecurityTest, ACertificateOfAnotherHostGetsNothing) {
  SmtpOptions options = Secure(servers().starttls, Security::kStartTls);
  options.host = "localhost";
  ExpectNothingSaid(options, servers().starttls, kSmtpTlsFailed);
}

TEST_F(SmtpSecurityTest, WithoutStartTlsItNeverFallsBackToPlain) {
  SmtpOptions options = Options(SharedSmtpServer());
  options.security = Security::kStartTls;
  ExpectNothingSaid(options, SharedSmtpServer(), kSmtpTlsFailed);
}

TEST_F(SmtpSecurityTest, AWrongPasswordIsAboutUsNotAboutTheMessage) {
  SmtpOptions options = Secure(servers().starttls, Security::kStartTls);
  options.password = "wrong";
  ExpectNothingSaid(options, servers().starttls, kLoginRefused);
}

TEST_F(SmtpSecurityTest, WithoutTheLoginThatIsConfiguredNothingIsSent) {
  // The server offers none and would take the message all the same.
  SmtpOptions options = Options(SharedSmtpServer());
  options.user = "ann";
  options.password = "secret";
  const SendOutcome outcome = Send(*Sender(options), Email("without-login"));
  EXPECT_EQ(outcome.kind, Kind::kRetry);
  EXPECT_EQ(outcome.code, kLoginRefused);
  EXPECT_TRUE(outcome.provider_down);
  EXPECT_FALSE(SharedSmtpServer().Accepted("without-login"));
}

TEST_F(SmtpSecurityTest, OnThisMachineALoginMayGoInTheClear) {
  const SmtpServer server({"--login", "ann:secret"});
  SmtpOptions options = Options(server);
  options.user = "ann";
  options.password = "secret";
  EXPECT_EQ(Send(*Sender(options), Email("clear")).kind, Kind::kAccepted);
}

}  // namespace
}  // namespace campaign::contract
