// What becomes of an e-mail, by what the mail server does at each step.

#include <string>
#include <vector>

#include "services/delivery/bounce_class.h"
#include "tests/contract/smtp_fixture.h"

namespace campaign::contract {
namespace {

using namespace campaign::delivery;  // NOLINT(google-build-using-namespace): the sender and its reason codes.
using ::testing::HasSubstr;
using ::testing::Not;
using Kind = SendOutcome::Kind;

class SmtpOutcomeTest : public SmtpTest {
 protected:
  // More than the sockets on its way hold: the sender learns of a break before it has handed over everything.
  static v1::Message Large(absl::string_view local_part) { return Email(local_part, std::string(16 << 20, 'x')); }

  // The outcome from the shared server, which must not have the message.
  SendOutcome NotTaken(const v1::Message& message, const SmtpOptions& options) {
    const SendOutcome outcome = Send(*Sender(options), message);
    const std::string local_part = message.address().substr(0, message.address().find('@'));
    EXPECT_FALSE(SharedSmtpServer().Accepted(local_part)) << local_part;
    EXPECT_THAT(outcome.text, Not(HasSubstr("@"))) << "the server's words hold the address";
    EXPECT_FALSE(outcome.may_have_arrived);
    return outcome;
  }
  SendOutcome NotTaken(const v1::Message& message) { return NotTaken(message, Options(SharedSmtpServer())); }
};

TEST_F(SmtpOutcomeTest, Rfc5321RepliesDecide) {
  struct Row {
    const char* recipient;
    Kind kind;
    const char* code;
  };
  const Row rows[] = {
      {"rcpt.550.5-1-1", Kind::kRejected, kAddressUnknown}, {"rcpt.550", Kind::kRejected, kAddressUnknown},
      {"rcpt.550.5-7-1", Kind::kRejected, kSenderBlocked},  {"rcpt.552.5-2-2", Kind::kRejected, kMailboxFull},
      {"rcpt.452.4-2-2", Kind::kRetry, kMailboxFull},       {"rcpt.451.4-7-1", Kind::kRetry, kTemporaryFailure},
      {"rcpt.421.4-7-0", Kind::kRetry, kRateLimited},       {"data.451.4-3-0", Kind::kRetry, kTemporaryFailure},
      {"data.554.5-7-1", Kind::kRejected, kSenderBlocked},  {"end.451.4-3-2", Kind::kRetry, kTemporaryFailure},
      {"end.421", Kind::kRetry, kTemporaryFailure},         {"end.554.5-6-0", Kind::kRejected, kContentRefused},
      {"end.552", Kind::kRejected, kMessageTooLarge},
  };
  // All with one sender: what went wrong before changes nothing.
  const std::unique_ptr<SmtpSender> sender = Sender(Options(SharedSmtpServer()));
  for (const Row& row : rows) {
    const SendOutcome outcome = Send(*sender, Email(row.recipient));
    EXPECT_EQ(outcome.kind, row.kind) << row.recipient;
    EXPECT_EQ(outcome.code, row.code) << row.recipient;
    EXPECT_FALSE(outcome.provider_down) << row.recipient;
    const bool hard = row.code == absl::string_view(kAddressUnknown);
    EXPECT_EQ(outcome.feedback, hard ? v1::FEEDBACK_KIND_HARD_BOUNCE : v1::FEEDBACK_KIND_UNSPECIFIED) << row.recipient;
    EXPECT_THAT(outcome.text, Not(HasSubstr("@"))) << "the server's words hold the address";
    EXPECT_FALSE(SharedSmtpServer().Accepted(row.recipient));
  }
  EXPECT_EQ(Send(*sender, Email("after-refusals")).kind, Kind::kAccepted);
}

TEST_F(SmtpOutcomeTest, AnyOtherSuccessThan250IsAccepted) {
  const SendOutcome outcome = Send(*Sender(Options(SharedSmtpServer())), Email("end.251"));
  EXPECT_EQ(outcome.kind, Kind::kAccepted);
}

TEST_F(SmtpOutcomeTest, AnAnswerThatSaysNeitherIsUnknown) {
  EXPECT_EQ(Send(*Sender(Options(SharedSmtpServer())), Email("end.354")).kind, Kind::kUnknown);
}

TEST_F(SmtpOutcomeTest, ARefusedSenderSaysNothingOfTheRecipient) {
  SmtpOptions options = Options(SharedSmtpServer());
  options.from = "mail.550.5-1-1@example.com";
  const SendOutcome refused = NotTaken(Email("of-refused-sender"), options);
  EXPECT_EQ(refused.kind, Kind::kRejected);
  EXPECT_EQ(refused.code, kSenderBlocked);
  options.from = "mail.451@example.com";
  EXPECT_EQ(NotTaken(Email("of-later-sender"), options).kind, Kind::kRetry);
  options.from = "mail.530.5-7-0@example.com";
  const SendOutcome login = NotTaken(Email("of-unknown-sender"), options);
  EXPECT_EQ(login.kind, Kind::kRetry);
  EXPECT_EQ(login.code, kLoginRefused);
  EXPECT_TRUE(login.provider_down);
}

TEST_F(SmtpOutcomeTest, BrokenBeforeTheEndOfTheMessageItWasNotSent) {
  for (const v1::Message& message : {Email("drop-rcpt"), Email("drop-data"), Large("drop-354"), Large("drop-within")}) {
    const SendOutcome outcome = NotTaken(message);
    EXPECT_EQ(outcome.kind, Kind::kRetry) << message.address();
    EXPECT_EQ(outcome.code, kSmtpConnectionLost) << message.address();
  }
}

TEST_F(SmtpOutcomeTest, SilentBeforeTheEndOfTheMessageItWasNotSent) {
  for (const v1::Message& message : {Email("stall-rcpt"), Large("stall-within")}) {
    const SendOutcome outcome = NotTaken(message, Impatient(SharedSmtpServer()));
    EXPECT_EQ(outcome.kind, Kind::kRetry) << message.address();
    EXPECT_EQ(outcome.code, kSmtpTimedOut) << message.address();
    EXPECT_TRUE(outcome.provider_down) << message.address();
  }
}

TEST_F(SmtpOutcomeTest, BrokenOrSilentAfterTheEndOfTheMessageNobodyKnows) {
  for (const char* recipient : {"drop-end", "stall-end"}) {
    const SendOutcome outcome = NotTaken(Email(recipient), Impatient(SharedSmtpServer()));
    EXPECT_EQ(outcome.kind, Kind::kUnknown) << recipient;
    EXPECT_EQ(outcome.code, kSmtpNoAnswer) << recipient;
  }
}

TEST_F(SmtpOutcomeTest, ASilentServerIsNotWaitedForTwice) {
  const absl::Time start = absl::Now();
  EXPECT_EQ(Send(*Sender(Impatient(SharedSmtpServer())), Email("stall-end")).kind, Kind::kUnknown);
  EXPECT_LT(absl::Now() - start, absl::Milliseconds(900)) << "0.3 s for the answer, none for the one to QUIT";
}

TEST_F(SmtpOutcomeTest, TheNextMessageDoesNotGetTheAnswerToTheOneBefore) {
  const std::unique_ptr<SmtpSender> sender = Sender(Impatient(SharedSmtpServer()));
  EXPECT_EQ(Send(*sender, Email("stall-end")).kind, Kind::kUnknown);
  EXPECT_EQ(Send(*sender, Email("rcpt.550.5-1-1")).kind, Kind::kRejected);
  EXPECT_EQ(Send(*sender, Email("after-silence")).kind, Kind::kAccepted);
}

TEST_F(SmtpOutcomeTest, AfterAnUnknownTheRestOfTheBatchIsNotTried) {
  const std::vector<SendOutcome> outcomes =
      SendAll(*Sender(Options(SharedSmtpServer())), {Email("before-drop"), Email("drop-end"), Email("behind-drop")});
  EXPECT_EQ(outcomes[0].kind, Kind::kAccepted);
  EXPECT_EQ(outcomes[1].kind, Kind::kUnknown);
  EXPECT_EQ(outcomes[2].kind, Kind::kRetry);
  EXPECT_EQ(outcomes[2].code, kSmtpNotTried);
  EXPECT_FALSE(SharedSmtpServer().Accepted("behind-drop"));
}

TEST_F(SmtpOutcomeTest, OneMessageThatBreaksTheConnectionDoesNotHoldUpTheOthers) {
  const std::vector<SendOutcome> outcomes =
      SendAll(*Sender(Options(SharedSmtpServer())), {Email("drop-rcpt"), Email("drop-data"), Email("behind-breaks")});
  EXPECT_EQ(outcomes[0].code, kSmtpConnectionLost);
  EXPECT_EQ(outcomes[1].code, kSmtpConnectionLost);
  EXPECT_EQ(outcomes[2].kind, Kind::kAccepted);
}

TEST_F(SmtpOutcomeTest, AServerThatDoesNotServeUsIsDown) {
  for (const char* greeting : {"554 5.3.2 no", "421 4.3.2 busy"}) {
    const SmtpServer server({"--greeting", greeting});
    const SendOutcome outcome = Send(*Sender(Options(server)), Email("x"));
    EXPECT_EQ(outcome.kind, Kind::kRetry) << greeting;
    EXPECT_EQ(outcome.code, kSmtpServiceRefused) << greeting;
    EXPECT_TRUE(outcome.provider_down) << greeting;
  }
}

TEST_F(SmtpOutcomeTest, AServerThatHangsUpInsteadOfGreetingIsDown) {
  const SmtpServer server({"--greeting", "drop"});
  const SendOutcome outcome = Send(*Sender(Options(server)), Email("x"));
  EXPECT_EQ(outcome.kind, Kind::kRetry);
  EXPECT_EQ(outcome.code, kSmtpConnectionLost);
  EXPECT_TRUE(outcome.provider_down);
}

TEST_F(SmtpOutcomeTest, AServerThatNeverGreetsIsUnreachable) {
  const SmtpServer server({"--greeting", "silence"});
  const SendOutcome outcome = Send(*Sender(Impatient(server)), Email("x"));
  EXPECT_EQ(outcome.kind, Kind::kRetry);
  EXPECT_EQ(outcome.code, kSmtpUnreachable);
  EXPECT_TRUE(outcome.provider_down);
}

TEST_F(SmtpOutcomeTest, AServerThatFreezesAndThawsGetsTheMessageOnce) {
  SmtpServer server;
  const std::unique_ptr<SmtpSender> sender = Sender(Impatient(server));
  EXPECT_EQ(Send(*sender, Email("before-frost")).kind, Kind::kAccepted);
  server.process().Suspend();
  const SendOutcome frozen = Send(*sender, Email("in-frost"));
  EXPECT_EQ(frozen.kind, Kind::kRetry);
  EXPECT_EQ(frozen.code, kSmtpTimedOut);
  server.process().Continue();
  EXPECT_EQ(Send(*sender, Email("in-frost")).kind, Kind::kAccepted);
  EXPECT_EQ(server.Count("command DATA"), 2);
}

TEST_F(SmtpOutcomeTest, AServerThatDiedAndIsBackWithinAKeptConnectionGetsTheMessage) {
  // Its connections are gone, and nothing was said on them: to the sender both look the same.
  const std::unique_ptr<SmtpSender> sender = Sender(Options(SharedSmtpServer()));
  for (const char* recipient : {"hang-up-1", "hang-up-2", "hang-up-3", "behind-hang-up"}) {
    EXPECT_EQ(Send(*sender, Email(recipient)).kind, Kind::kAccepted) << recipient;
    EXPECT_TRUE(SharedSmtpServer().Accepted(recipient));
  }
}

}  // namespace
}  // namespace campaign::contract
