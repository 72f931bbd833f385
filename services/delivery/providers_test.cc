#include "services/delivery/providers.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <fstream>
#include <memory>
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/testing/fake_clock.h"
#include "common/testing/testing.h"
#include "nlohmann/json.hpp"
#include "services/delivery/sender_options.h"

namespace campaign::delivery {
namespace {

using ::campaign::testing::FakeClock;
using ::campaign::testing::StatusIs;
using ::campaign::testing::TempDir;
using ::campaign::testing::Utc;
using ::testing::ElementsAre;
using ::testing::SizeIs;

constexpr char kWebhookSecret[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

class ProvidersTest : public ::testing::Test {
 protected:
  std::string Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_.File(name)) << text;
    return folder_.File(name);
  }

  // "$DIR" in the text stands for the test's folder.
  absl::StatusOr<ProvidersConfig> Read(const std::string& text) {
    return ReadProviders(Write("p.yaml", absl::StrReplaceAll(text, {{"$DIR", folder_.path()}})));
  }

  // What is wrong with a provider of three lines and this one.
  void ExpectRefused(const std::string& line, const std::string& problem, const std::string& kind = "count",
                     const std::string& channels = "email") {
    const std::string text =
        absl::StrCat("providers:\n- name: p\n  kind: ", kind, "\n  channels: [", channels, "]\n  ", line, "\n");
    EXPECT_THAT(Read(text), StatusIs(absl::StatusCode::kInvalidArgument, absl::StrCat("p.yaml:", problem))) << text;
  }

  TempDir folder_;
};

TEST_F(ProvidersTest, ReadsEveryFieldOfEveryKind) {
  Write("password", "s3cret\n");
  Write("token", "0123456789abcdef0123456789abcdef\n");
  Write("hook", "https://hooks.example.com/services/T/B/X\n");
  Write("whsec", kWebhookSecret);
  ASSERT_OK_AND_ASSIGN(const ProvidersConfig config, Read(R"(providers:
- name: mail.main
  kind: smtp
  channels: [email]
  weight: 3
  rate: {per_second: 50, burst: 200}
  domain_rate: {per_second: 0.5}
  breaker: {failures: 7, open_for: 1m}
  parallel_batches: 2
  host: mail.example.com
  port: 465
  security: tls
  user: campaign
  password_file: $DIR/password
  from: hello@example.com
  from_name: Nordlicht
  helo: out.example.com
  connect_timeout: 5s
  message_timeout: 30s
  max_connections: 2
  max_messages_per_connection: 10
- name: twilio
  kind: twilio
  channels: [sms]
  account_sid: AC0123456789abcdef0123456789abcdef
  auth_token_file: $DIR/token
  from: '+4312345678'
  timeout: 20s
  connect_timeout: 2s
  max_parallel: 4
  receipt_secret_file: $DIR/token
- name: team
  kind: slack
  channels: [chat]
  webhook_url_file: $DIR/hook
- name: gateway
  kind: webhook
  channels: [push, sms]
  url: https://gateway.example.com/messages
  secret_file: $DIR/whsec
  receipt_secret_file: $DIR/whsec
- name: files
  kind: spool
  channels: [email, chat]
  folder: $DIR/spool
  sender_address: hello@example.com
- {name: count, kind: count, channels: [push]}
)"));
  ASSERT_THAT(config.providers, SizeIs(6));
  const ProviderConfig& mail = config.providers[0];
  EXPECT_EQ(mail.settings.name, "mail.main");
  EXPECT_THAT(mail.settings.channels, ElementsAre(v1::CHANNEL_EMAIL));
  EXPECT_EQ(mail.settings.weight, 3);
  EXPECT_EQ(mail.settings.rate.per_second, 50);
  EXPECT_EQ(mail.settings.rate.burst, 200);
  EXPECT_EQ(mail.settings.domain_rate.per_second, 0.5);
  EXPECT_EQ(mail.settings.domain_rate.burst, 1);
  EXPECT_EQ(mail.settings.breaker.failures, 7);
  EXPECT_EQ(mail.settings.breaker.open_for, absl::Minutes(1));
  EXPECT_EQ(mail.settings.parallel_batches, 2);
  const auto& smtp = std::get<SmtpOptions>(mail.endpoint);
  EXPECT_EQ(smtp.name, "mail.main");
  EXPECT_EQ(smtp.host, "mail.example.com");
  EXPECT_EQ(smtp.port, 465);
  EXPECT_EQ(smtp.security, SmtpOptions::Security::kTls);
  EXPECT_EQ(smtp.user, "campaign");
  EXPECT_EQ(smtp.password, "s3cret");
  EXPECT_EQ(smtp.from, "hello@example.com");
  EXPECT_EQ(smtp.from_name, "Nordlicht");
  EXPECT_EQ(smtp.helo, "out.example.com");
  EXPECT_EQ(smtp.connect_timeout, absl::Seconds(5));
  EXPECT_EQ(smtp.message_timeout, absl::Seconds(30));
  EXPECT_EQ(smtp.max_connections, 2);
  EXPECT_EQ(smtp.max_messages_per_connection, 10);
  const auto& twilio = std::get<TwilioOptions>(config.providers[1].endpoint);
  EXPECT_EQ(twilio.from, "+4312345678");
  EXPECT_EQ(twilio.http.timeout, absl::Seconds(20));
  EXPECT_EQ(twilio.http.connect_timeout, absl::Seconds(2));
  EXPECT_EQ(twilio.http.max_parallel, 4);
  EXPECT_EQ(config.providers[1].settings.weight, 1);
  EXPECT_EQ(config.providers[1].settings.breaker.failures, 5);
  EXPECT_EQ(std::get<SlackOptions>(config.providers[2].endpoint).name, "team");
  EXPECT_EQ(std::get<WebhookOptions>(config.providers[3].endpoint).url, "https://gateway.example.com/messages");
  EXPECT_THAT(config.providers[3].settings.channels, ElementsAre(v1::CHANNEL_PUSH, v1::CHANNEL_SMS));
  EXPECT_EQ(std::get<SpoolOptions>(config.providers[4].endpoint).folder, folder_.File("spool"));
  EXPECT_TRUE(std::holds_alternative<CountOptions>(config.providers[5].endpoint));

  ASSERT_THAT(config.callbacks, SizeIs(2));
  EXPECT_EQ(config.callbacks.at("twilio").kind, CallbackSource::Kind::kTwilio);
  EXPECT_THAT(config.callbacks.at("twilio").keys, ElementsAre("0123456789abcdef0123456789abcdef"));
  EXPECT_EQ(config.callbacks.at("twilio").channel, v1::CHANNEL_SMS);
  EXPECT_EQ(config.callbacks.at("gateway").kind, CallbackSource::Kind::kStandardWebhooks);
  EXPECT_THAT(config.callbacks.at("gateway").keys, ElementsAre(SizeIs(24)));

  const FakeClock clock(Utc("2026-06-15 12:00:00"));
  ASSERT_OK_AND_ASSIGN(const ProviderRouter router, MakeRouter(config, clock));
  EXPECT_EQ(router.PreferredName(v1::CHANNEL_CHAT, "k"), router.PreferredName(v1::CHANNEL_CHAT, "k"));
  EXPECT_TRUE(router.Deduplicates(v1::CHANNEL_SMS, "gateway"));
  EXPECT_TRUE(router.Deduplicates(v1::CHANNEL_EMAIL, "files"));
  EXPECT_FALSE(router.Deduplicates(v1::CHANNEL_SMS, "twilio"));
  EXPECT_FALSE(router.Deduplicates(v1::CHANNEL_EMAIL, "mail.main"));
}

TEST_F(ProvidersTest, SaysWhereAndWhatIsWrong) {
  ExpectRefused("weigth: 3", "5: providers[0]: weigth is an unknown key; did you mean 'weight'?");
  ExpectRefused("weight: 0", "5: providers[0].weight: 0 is not a whole number from 1 to 1000");
  ExpectRefused("weight: 1.5", "5: providers[0].weight: 1.5 is not a whole number");
  ExpectRefused("weight: [1]", "5: providers[0].weight: a list is not one value");
  ExpectRefused("weight: 1\n  weight: 2", "6: providers[0]: weight comes twice");
  ExpectRefused("rate: 5", "5: providers[0].rate: '5' is not a map of fields");
  ExpectRefused("rate: {burst: 5}", "5: providers[0].rate.per_second: '' is required");
  ExpectRefused("rate: {per_second: 0}", "5: providers[0].rate.per_second: 0 is not a number from 0.001 to 100000");
  ExpectRefused("rate: {per_second: nan}", "5: providers[0].rate.per_second: nan is not a number");
  ExpectRefused("rate: {per_second: 5, burst: 0.5}", "5: providers[0].rate.burst: 0.5 is not a number from 1 to");
  ExpectRefused("rate: {per_second: 5, brust: 9}",
                "5: providers[0].rate: brust is an unknown key; did you mean 'burst'?");
  ExpectRefused("breaker: {open_for: 10}",
                "5: providers[0].breaker.open_for: 10 is not a duration such as 1m30s, from 1s");
  ExpectRefused("breaker: {failures: -1}", "5: providers[0].breaker.failures: -1 is not a whole number from 0 to 1000");
  ExpectRefused("parallel_batches: 65", "5: providers[0].parallel_batches: 65 is not a whole number from 1 to 64");
  ExpectRefused("host: x", "5: providers[0]: host is an unknown key");
  ExpectRefused("", "3: providers[0].kind: smpt is none of spool, count, smtp", "smpt");
  ExpectRefused("", "3: providers[0].kind: smpt is none of", "smpt");
  ExpectRefused("", "4: providers[0].channels: sms is none of email", "smtp", "sms");
  ExpectRefused("", "4: providers[0].channels: emial is none of email, sms, push, chat; did you mean 'email'?", "count",
                "emial");
  ExpectRefused("", "4: providers[0].channels: '' is required", "count", "");
  ExpectRefused("", "4: providers[0].channels: sms comes twice", "count", "sms, sms");
  ExpectRefused("domain_rate: {per_second: 5}", "5: providers[0].domain_rate: p does not send e-mail", "count", "sms");
}

TEST_F(ProvidersTest, SaysWhatASenderSaysOfItsSettingsWithTheirLine) {
  ExpectRefused("folder: x\n  sender_address: nobody", "6: providers[0].sender_address: nobody", "spool");
  ExpectRefused("folder: x", "2: providers[0].sender_address: '' is required", "spool");
  ExpectRefused("host: ''\n  from: a@example.com", "5: providers[0].host: ", "smtp");
  ExpectRefused("host: h\n  from: a@example.com\n  security: plain",
                "7: providers[0].security: plain is none of starttls, tls, none", "smtp");
  ExpectRefused("user: u\n  host: h\n  from: a@example.com", "2: providers[0].password_file: '' is required", "smtp");
  ExpectRefused("password_file: u\n  host: h\n  from: a@example.com", "2: providers[0].user: '' is required", "smtp");
  ExpectRefused("url: http://gateway.example.com/\n  secret_file: $DIR/whsec", "5: providers[0].url: ", "webhook");
}

TEST_F(ProvidersTest, ASecretThatCannotBeReadIsNamedByItsFileAndNeverShown) {
  ExpectRefused("user: u\n  password_file: $DIR/missing\n  host: h\n  from: a@example.com",
                "6: providers[0].password_file: ", "smtp");
  ExpectRefused("url: https://gateway.example.com/\n  secret_file: $DIR/missing",
                "6: providers[0].secret_file: ", "webhook");
  Write("whsec", kWebhookSecret);
  Write("wrong", "hunter2");
  const absl::Status status = Read(R"(providers:
- name: p
  kind: webhook
  channels: [sms]
  url: https://gateway.example.com/
  secret_file: $DIR/whsec
  receipt_secret_file: $DIR/wrong
)")
                                  .status();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument, "p.yaml:7: providers[0].receipt_secret_file: "));
  EXPECT_EQ(status.message().find("hunter2"), absl::string_view::npos);
}

TEST_F(ProvidersTest, NamesAreOneProvidersOwnAndPlain) {
  const auto two = [](const char* a, const char* b) {
    return absl::StrCat("providers:\n- {name: ", a, ", kind: count, channels: [sms]}\n- {name: ", b,
                        ", kind: count, channels: [push]}\n");
  };
  EXPECT_OK(Read(two("a", "b")));
  EXPECT_THAT(Read(two("a", "a")), StatusIs(absl::StatusCode::kInvalidArgument,
                                            "p.yaml:3: providers[1].name: a is the name of another provider too"));
  EXPECT_THAT(Read(two("a", "A b")), StatusIs(absl::StatusCode::kInvalidArgument, "providers[1].name: A b is not of"));
  EXPECT_THAT(Read(two("a", std::string(65, 'x').c_str())),
              StatusIs(absl::StatusCode::kInvalidArgument, "providers[1].name: xxx"));
}

TEST_F(ProvidersTest, AFileThatIsNoListOfProvidersIsRefused) {
  const auto refused = [&](const std::string& text, const std::string& problem) {
    EXPECT_THAT(Read(text), StatusIs(absl::StatusCode::kInvalidArgument, problem)) << text;
  };
  refused("", "p.yaml cannot be read, or is empty");
  refused("# nothing\n", "p.yaml:1: providers: '' is required");
  refused("providers: []\n", "p.yaml:1: providers: '' is required");
  refused("providers: spool\n", "p.yaml:1: providers: 'spool' is not a list");
  refused("providers:\n- spool\n", "p.yaml:2: providers[0]: 'spool' is not a map of fields");
  refused("provider: []\n", "p.yaml:1: ");
  refused("providers: [\n", "p.yaml:2: ");
  refused("- a\n", "p.yaml:1: a list is not a map of fields");
  std::string many = "providers:\n";
  for (int i = 0; i < 33; ++i) absl::StrAppend(&many, "- {name: p", i, ", kind: count, channels: [sms]}\n");
  refused(many, "p.yaml:1: providers: 33 providers are more than 32");
  EXPECT_THAT(ReadProviders(folder_.File("none.yaml")), StatusIs(absl::StatusCode::kInvalidArgument, "--providers: "));
}

// A service account whose key nobody has but this test.
std::string ServiceAccountJson() {
  const std::unique_ptr<EVP_PKEY, KeyDeleter> key(EVP_RSA_gen(2048));
  const std::unique_ptr<BIO, decltype(&BIO_free)> pem(BIO_new(BIO_s_mem()), BIO_free);
  PEM_write_bio_PrivateKey(pem.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  char* text = nullptr;
  const long size = BIO_get_mem_data(pem.get(), &text);
  return nlohmann::json({{"type", "service_account"},
                         {"project_id", "nordlicht"},
                         {"private_key_id", "1"},
                         {"private_key", std::string(text, size)},
                         {"client_email", "push@nordlicht.iam.gserviceaccount.com"},
                         {"token_uri", "https://oauth2.googleapis.com/token"}})
      .dump();
}

TEST_F(ProvidersTest, TheFileThatShipsIsValidAndSoIsEveryExampleInIt) {
  EXPECT_OK(ReadProviders(PROVIDERS_FILE));
  Write("smtp_password", "a");
  Write("relay_password", "b");
  Write("twilio_token", "0123456789abcdef0123456789abcdef");
  Write("firebase.json", ServiceAccountJson());
  Write("slack_webhook", "https://hooks.slack.com/services/T/B/X");
  Write("gateway_secret", kWebhookSecret);
  Write("gateway_receipts", kWebhookSecret);
  std::ifstream file(PROVIDERS_FILE);
  const std::string shipped = (std::stringstream() << file.rdbuf()).str();
  // The examples are what is commented out after the list has begun, indented as it is.
  bool in_list = false;
  std::string all;
  for (absl::string_view line : absl::StrSplit(shipped, '\n')) {
    in_list = in_list || line == "providers:";
    const bool is_example = in_list && absl::ConsumePrefix(&line, "#");
    absl::StrAppend(&all, is_example ? " " : "", absl::StrReplaceAll(line, {{"/run/secrets", folder_.path()}}), "\n");
  }
  ASSERT_OK_AND_ASSIGN(const ProvidersConfig config, Read(all));
  EXPECT_THAT(config.providers, SizeIs(7));
  EXPECT_THAT(config.callbacks, SizeIs(2));
}

}  // namespace
}  // namespace campaign::delivery
