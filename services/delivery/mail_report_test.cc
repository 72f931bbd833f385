#include "services/delivery/mail_report.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/testing/testing.h"
#include "services/delivery/mail_part.h"

namespace campaign::delivery {
namespace {

using ::campaign::testing::StatusIs;
using ::campaign::testing::Utc;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const absl::Time kNow = Utc("2026-06-15 12:00:00");

std::string WithCrLf(absl::string_view text) { return absl::StrReplaceAll(text, {{"\n", "\r\n"}}); }

// A delivery status notification in the form of RFC 3464, appendix E.
std::string Notification(absl::string_view recipients,
                         absl::string_view original = "Message-ID: <r1-0.email@shop.example>\n") {
  return WithCrLf(
      absl::StrCat("Date: Mon, 15 Jun 2026 11:59:00 +0000\n"
                   "From: Mail Delivery Subsystem <MAILER-DAEMON@mx.example>\n"
                   "Message-Id: <dsn-1@mx.example>\n"
                   "Subject: Undelivered mail\n"
                   "MIME-Version: 1.0\n"
                   "Content-Type: multipart/report; report-type=delivery-status;\n"
                   "\tboundary=\"RAA14128.773615765/mx.example\"\n"
                   "\n"
                   "A preamble.\n"
                   "--RAA14128.773615765/mx.example\n"
                   "\n"
                   "The message could not be delivered.\n"
                   "--RAA14128.773615765/mx.example\n"
                   "content-type: message/delivery-status\n"
                   "\n"
                   "Reporting-MTA: dns; mx.example\n"
                   "Arrival-Date: Mon, 15 Jun 2026 11:58:00 +0000\n"
                   "\n",
                   recipients,
                   "\n"
                   "--RAA14128.773615765/mx.example\n"
                   "Content-Type: message/rfc822\n"
                   "\n",
                   original,
                   "To: ann@example.com\n"
                   "Subject: Hello\n"
                   "\n"
                   "Action: failed\n"
                   "--RAA14128.773615765/mx.example--\n"));
}

std::string Recipient(absl::string_view action, absl::string_view status, absl::string_view diagnostic = "") {
  return absl::StrCat("Final-Recipient: rfc822; ann@example.com\nAction: ", action, "\nStatus: ", status, "\n",
                      diagnostic.empty() ? "" : absl::StrCat("Diagnostic-Code: ", diagnostic, "\n"));
}

Callback Read(const std::string& message) {
  const auto callback = ReadMailReport(message, kNow);
  EXPECT_OK(callback);
  return callback.ok() ? *callback : Callback();
}

TEST(Rfc3464, NotificationNamesMessageRecipientAndDiagnosis) {
  const Callback callback =
      Read(Notification(Recipient("failed", "5.1.1", "smtp; 550 5.1.1 <ann@example.com>... User\n unknown")));
  ASSERT_THAT(callback.events, SizeIs(1));
  const CallbackEvent& event = callback.events[0];
  EXPECT_EQ(event.kind, v1::FEEDBACK_KIND_HARD_BOUNCE);
  EXPECT_EQ(event.event_id, "<dsn-1@mx.example>#0");
  EXPECT_EQ(event.idempotency_key, "r1-0.email");
  EXPECT_EQ(event.address, "ann@example.com");
  EXPECT_EQ(event.text, "5.1.1 550 5.1.1 <ann@example.com>... User unknown");
  EXPECT_EQ(event.event_time, kNow);
  EXPECT_EQ(callback.ignored_count, 0);
}

TEST(Rfc3464, Section2_3_3ActionSaysWhatHappened) {
  const struct {
    const char* action;
    v1::FeedbackKind kind;
  } kRows[] = {
      {"failed", v1::FEEDBACK_KIND_HARD_BOUNCE},       {"FAILED (no such user)", v1::FEEDBACK_KIND_HARD_BOUNCE},
      {"delivered", v1::FEEDBACK_KIND_DELIVERED},      {"delayed", v1::FEEDBACK_KIND_UNSPECIFIED},
      {"relayed", v1::FEEDBACK_KIND_UNSPECIFIED},      {"expanded", v1::FEEDBACK_KIND_UNSPECIFIED},
      {"x-unheard-of", v1::FEEDBACK_KIND_UNSPECIFIED},
  };
  for (const auto& row : kRows) {
    const Callback callback = Read(Notification(Recipient(row.action, "5.1.1")));
    if (row.kind == v1::FEEDBACK_KIND_UNSPECIFIED) {
      EXPECT_THAT(callback.events, IsEmpty()) << row.action;
      EXPECT_EQ(callback.ignored_count, 1) << row.action;
    } else {
      ASSERT_THAT(callback.events, SizeIs(1)) << row.action;
      EXPECT_EQ(callback.events[0].kind, row.kind) << row.action;
    }
  }
}

TEST(Rfc3464, Section2_3_4StatusSaysWhetherABounceIsHard) {
  const struct {
    const char* status;
    const char* diagnostic;
    bool hard;
  } kRows[] = {
      {"5.1.1", "", true},
      {"5.1.1 (bad destination mailbox)", "", true},
      {"5.1.2", "", true},
      {"5.1.10", "smtp; 556 5.1.10 null MX", true},
      {"5.2.1", "", true},
      {"5.2.2", "smtp; 552 5.2.2 mailbox full", false},
      {"5.7.1", "smtp; 550 5.7.1 blocked", false},
      {"5.1.8", "", false},
      {"4.4.7", "smtp; 421 4.4.7 try later", false},
      {"4.2.2", "", false},
      // Relays that heard no enhanced status make it 5.0.0.
      {"5.0.0", "smtp; 550 No such user here", true},
      {"5.0.0", "smtp; 550 5.7.26 unauthenticated", false},
      {"5.0.0", "smtp; 554 Transaction failed", false},
      {"5.0.0", "X-Postfix; unknown user", false},
      {"5.0.0", "", false},
      {"", "", false},
      {"55.1.1", "", false},
      {"5.1.99999999999", "", false},
  };
  for (const auto& row : kRows) {
    const Callback callback = Read(Notification(Recipient("failed", row.status, row.diagnostic)));
    ASSERT_THAT(callback.events, SizeIs(1)) << row.status;
    EXPECT_EQ(callback.events[0].kind, row.hard ? v1::FEEDBACK_KIND_HARD_BOUNCE : v1::FEEDBACK_KIND_SOFT_BOUNCE)
        << row.status << ", " << row.diagnostic;
  }
}

TEST(Rfc3464, Section2_1EachRecipientHasItsOwnGroup) {
  const Callback callback = Read(Notification(
      "Original-Recipient: rfc822;ann@example.com\nFinal-Recipient: rfc822;a@forwarded.example\nAction: failed\n"
      "Status: 5.1.1\n\n\n\nFinal-Recipient: RFC822; <bob@example.com>\nAction: delivered\nStatus: 2.0.0\n\n"
      "Final-Recipient: rfc822; eve@example.com\nAction: delayed\nStatus: 4.0.0\n"));
  ASSERT_THAT(callback.events, SizeIs(2));
  // Section 2.3.1: whom we wrote to, not whom it was forwarded to.
  EXPECT_EQ(callback.events[0].address, "ann@example.com");
  EXPECT_EQ(callback.events[0].event_id, "<dsn-1@mx.example>#0");
  EXPECT_EQ(callback.events[1].kind, v1::FEEDBACK_KIND_DELIVERED);
  EXPECT_EQ(callback.events[1].address, "bob@example.com");
  EXPECT_EQ(callback.events[1].text, "");
  EXPECT_EQ(callback.events[1].event_id, "<dsn-1@mx.example>#1");
  EXPECT_EQ(callback.ignored_count, 1);
}

TEST(Rfc3464, OriginalMayBeHeadersAloneOrAField) {
  std::string message = Notification(Recipient("failed", "5.1.1"));
  message = absl::StrReplaceAll(message, {{"Content-Type: message/rfc822", "Content-Type: text/rfc822-headers"}});
  EXPECT_EQ(Read(message).events.at(0).idempotency_key, "r1-0.email");
  message =
      Notification(absl::StrCat("Original-Message-ID: <r2-5.email@shop.example>\n\n", Recipient("failed", "5.1.1")),
                   /*original=*/"");
  EXPECT_EQ(Read(message).events.at(0).idempotency_key, "r2-5.email");
  EXPECT_EQ(Read(Notification(Recipient("failed", "5.1.1"), "")).events.at(0).idempotency_key, "");
}

TEST(Rfc6533, InternationalNotificationsAreRead) {
  std::string message =
      Notification(absl::StrReplaceAll(Recipient("failed", "5.1.1"), {{"rfc822; ann", "utf-8; änn"}}));
  message = absl::StrReplaceAll(
      message, {{"message/delivery-status", "message/global-delivery-status"}, {"message/rfc822", "message/global"}});
  const Callback callback = Read(message);
  ASSERT_THAT(callback.events, SizeIs(1));
  EXPECT_EQ(callback.events[0].address, "änn@example.com");
  EXPECT_EQ(callback.events[0].idempotency_key, "r1-0.email");
}

// An abuse report in the form of RFC 5965, appendix B.
std::string AbuseReport(absl::string_view type) {
  return WithCrLf(absl::StrCat(
      "From: <abusedesk@example.com>\nMessage-ID: <arf-1@example.com>\nMIME-Version: 1.0\n"
      "Content-Type: multipart/report; report-type=feedback-report; boundary=part1_13d.2e68ed54_boundary\n\n"
      "--part1_13d.2e68ed54_boundary\nContent-Type: text/plain; charset=\"US-ASCII\"\n\nAn abuse report.\n"
      "--part1_13d.2e68ed54_boundary\nContent-Type: message/feedback-report\n\n",
      type,
      "User-Agent: SomeGenerator/1.0\nVersion: 1\nOriginal-Rcpt-To: <ann@example.com>\n\n"
      "--part1_13d.2e68ed54_boundary\nContent-Type: message/rfc822\nContent-Disposition: inline\n\n"
      "From: <shop@shop.example>\nMessage-ID: <r1-0.email@shop.example>\n\nSpam\n"
      "--part1_13d.2e68ed54_boundary--\n"));
}

TEST(Rfc5965, Section3_1ReportIsAComplaint) {
  const Callback callback = Read(AbuseReport("Feedback-Type: abuse\n"));
  ASSERT_THAT(callback.events, SizeIs(1));
  EXPECT_EQ(callback.events[0].kind, v1::FEEDBACK_KIND_COMPLAINT);
  EXPECT_EQ(callback.events[0].event_id, "<arf-1@example.com>");
  EXPECT_EQ(callback.events[0].idempotency_key, "r1-0.email");
  EXPECT_EQ(callback.events[0].address, "ann@example.com");
  EXPECT_EQ(callback.events[0].text, "abuse");
}

TEST(Rfc5965, Section7_3TypesOfFeedback) {
  for (const char* type : {"abuse", "Fraud", "virus", "other", "x-new"}) {
    EXPECT_THAT(Read(AbuseReport(absl::StrCat("Feedback-Type: ", type, "\n"))).events, SizeIs(1)) << type;
  }
  for (const char* type : {"not-spam", "Auth-Failure", "dkim"}) {
    const Callback callback = Read(AbuseReport(absl::StrCat("Feedback-Type: ", type, "\n")));
    EXPECT_THAT(callback.events, IsEmpty()) << type;
    EXPECT_EQ(callback.ignored_count, 1) << type;
  }
  EXPECT_THAT(ReadMailReport(AbuseReport(""), kNow), StatusIs(absl::StatusCode::kInvalidArgument, "no Feedback-Type"));
}

TEST(MailReport, OtherMailIsIgnored) {
  for (const char* message :
       {"", "\n", "no header at all", "From: ann@example.com\n\nThanks!",
        "Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: message/delivery-status\n\n"
        "Action: failed\n--x--",
        "Content-Type: multipart/report; report-type=disposition-notification; boundary=x\n\n--x--"}) {
    const Callback callback = Read(message);
    EXPECT_THAT(callback.events, IsEmpty()) << message;
    EXPECT_EQ(callback.ignored_count, 1) << message;
  }
}

TEST(MailReport, ReportsWithoutWhatMakesThemOneAreRefused) {
  for (const char* message : {"Content-Type: multipart/report; report-type=delivery-status\n\n",
                              "Content-Type: multipart/report; report-type=delivery-status; boundary=x\n\n--y\n\n--y--",
                              "Content-Type: multipart/report; report-type=\"delivery-status\"; boundary=x\n\n--x\n"
                              "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx\n\n--x--"}) {
    EXPECT_THAT(ReadMailReport(message, kNow), StatusIs(absl::StatusCode::kInvalidArgument, "body")) << message;
  }
}

TEST(MailReport, CutOffReportIsReadAsFarAsItGoes) {
  const std::string whole = Notification(Recipient("failed", "5.1.1"));
  const Callback callback = Read(whole.substr(0, whole.find("Subject: Hello")));
  ASSERT_THAT(callback.events, SizeIs(1));
  EXPECT_EQ(callback.events[0].idempotency_key, "r1-0.email");
}

TEST(MailReport, EveryPieceOfAReportIsTakenWithoutHarm) {
  const std::string whole =
      Notification(Recipient("failed", "5.1.1", "smtp; 550 no")) + AbuseReport("Feedback-Type: x\n");
  for (size_t size = 0; size < whole.size(); ++size) {
    const auto callback = ReadMailReport(whole.substr(0, size), kNow);
    EXPECT_TRUE(!callback.ok() || callback->events.size() <= 1) << size;
    static_cast<void>(ReadMailReport(whole.substr(size), kNow).ok());
  }
}

TEST(MailReport, HostileReportsAreBounded) {
  std::string recipients;
  for (int i = 0; i < 101; ++i) absl::StrAppend(&recipients, "Action: failed\nStatus: 5.1.1\n\n");
  EXPECT_THAT(ReadMailReport(Notification(recipients), kNow),
              StatusIs(absl::StatusCode::kInvalidArgument, "more than 100 recipients"));
  std::string parts = "Content-Type: multipart/report; boundary=x\n\n";
  for (int i = 0; i < 50'000; ++i) parts.append("--x\n\n");
  EXPECT_EQ(Read(parts).ignored_count, 1);
  EXPECT_EQ(Read(std::string(262'144, '\n')).ignored_count, 1);
  EXPECT_EQ(Read(std::string(262'144, ':')).ignored_count, 1);
  EXPECT_EQ(Read("A:" + std::string(262'144, ' ')).ignored_count, 1);
  std::string fields;
  for (int i = 0; i < 60'000; ++i) fields.append("a:\n ");
  EXPECT_EQ(Read(fields).ignored_count, 1);
}

TEST(MailReport, WhatIsNoAddressOrNoUtf8StaysOut) {
  const std::string message = Notification(
      "Final-Recipient: rfc822; nobody\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 \xff\x01 gone\n");
  const Callback callback = Read(message);
  ASSERT_THAT(callback.events, SizeIs(1));
  EXPECT_EQ(callback.events[0].address, "");
  EXPECT_EQ(callback.events[0].text, "5.1.1 550 \xEF\xBF\xBD gone");
}

TEST(MailParameter, ReadsQuotedAndBareValues) {
  EXPECT_EQ(MailParameter("a/b; x=1; Boundary=\"a;b\\\"c\" ; y=2", "boundary"), "a;b\"c");
  EXPECT_EQ(MailParameter("a/b; x=1; Boundary=\"a;b\" ; y = 2 ", "y"), "2");
  EXPECT_EQ(MailParameter("a/b;boundary=abc", "boundary"), "abc");
  for (const char* value : {"", "a/b", "a/b;", "a/b; boundary", "a/b; boundary; c", "a/b; c=\"boundary=d"}) {
    EXPECT_EQ(MailParameter(value, "boundary"), "") << value;
  }
}

}  // namespace
}  // namespace campaign::delivery
