// Links in messages: where they may lead, and what they carry.

#include "absl/strings/str_cat.h"
#include "services/generator/testing_messages.h"

namespace campaign::generator {
namespace {

using testing::AddFact;
using ::testing::HasSubstr;
using testing::Item;
using testing::RefusalOf;
using ::testing::StartsWith;
using testing::Write;

std::string Config(const std::string& text, const std::string& html = "<p>x</p>", const std::string& more = "") {
  return absl::StrCat(
      R"pb(links {
             allowed_hosts: "shop.example.com"
             tracking_parameters { name: "utm_source" value: "nord & licht" }
             tracking_parameters { name: "utm_campaign" value: "{{campaign}}" }
           }
           variables { name: "campaign" value: "win-back" }
           variables { name: "shop_url" value: "https://shop.example.com" }
           variables { name: "unsubscribe_url" value: "https://shop.example.com/unsubscribe" }
           templates { template_id: "bundle" channel: CHANNEL_EMAIL subject: "s")pb",
      "text: '", text, "' html: '", html, "' ", more, "}");
}

constexpr char kUtm[] = "utm_source=nord%20%26%20licht&utm_campaign=win-back";
constexpr char kHtmlUtm[] = "utm_source=nord%20%26%20licht&amp;utm_campaign=win-back";

std::string TextOf(const std::string& text, const v1::GenerateItem& item = Item()) {
  const v1::GenerateItemResult result = Write(Config(text), item);
  return result.has_error() ? absl::StrCat(result.error().reason(), ": ", result.error().message())
                            : result.message().text();
}

std::string HtmlOf(const std::string& html, const v1::GenerateItem& item = Item()) {
  const v1::GenerateItemResult result = Write(Config("x", html), item);
  return result.has_error() ? absl::StrCat(result.error().reason(), ": ", result.error().message())
                            : result.message().html();
}

v1::GenerateItem With(const std::string& name, const std::string& value) {
  v1::GenerateItem item = Item();
  AddFact(item.mutable_decision()->mutable_variables(), name, value);
  return item;
}

TEST(Links, CarryTrackingParameters) {
  EXPECT_EQ(TextOf("See {{shop_url}}/new. Bye"), absl::StrCat("See https://shop.example.com/new?", kUtm, ". Bye"));
  EXPECT_EQ(TextOf("(https://shop.example.com/a?b=c#d)"),
            absl::StrCat("(https://shop.example.com/a?b=c&", kUtm, "#d)"));
  EXPECT_EQ(TextOf("{{shop_url}}?utm_source=own"), "https://shop.example.com?utm_source=own&utm_campaign=win-back");
  EXPECT_EQ(TextOf("{{u}}", With("u", "https://shop.example.com/x")),
            absl::StrCat("https://shop.example.com/x?", kUtm));
  EXPECT_EQ(TextOf("{{shop_url}}/a", With("shop_url", "https://shop.example.com?q=")),
            absl::StrCat("https://shop.example.com?q=/a&", kUtm));
}

TEST(Links, InHtmlThoseThatPeopleFollowCarryTracking) {
  EXPECT_EQ(HtmlOf(R"(<a class="b" href="{{shop_url}}/new">{{shop_url}}/new</a>)"),
            absl::StrCat(R"(<a class="b" href="https://shop.example.com/new?)", kHtmlUtm,
                         R"(">https://shop.example.com/new</a>)"));
  const std::string image = R"(<img src="https://shop.example.com/logo.png"><a href="mailto:a@b.c">x</a>)";
  EXPECT_EQ(HtmlOf(image), image);
}

TEST(Links, ThatUnsubscribeCarryNone) {
  EXPECT_EQ(TextOf("{{unsubscribe_url}}?c={{customer_id}}"), "https://shop.example.com/unsubscribe?c=c1");
  EXPECT_EQ(TextOf("https://shop.example.com/unsubscribe?c=1"), "https://shop.example.com/unsubscribe?c=1");
  EXPECT_EQ(TextOf("{{unsubscribe_url}}", With("unsubscribe_url", "https://shop.example.com/u/1")),
            "https://shop.example.com/u/1");
  EXPECT_EQ(HtmlOf(R"(<a href="{{unsubscribe_url}}">x</a>)"),
            R"(<a href="https://shop.example.com/unsubscribe">x</a>)");
}

TEST(Links, ValuesInAQueryArePercentEncoded) {
  EXPECT_EQ(TextOf("{{unsubscribe_url}}?c={{customer_id}}", With("customer_id", "a&b=c #d")),
            "https://shop.example.com/unsubscribe?c=a%26b%3Dc%20%23d");
}

TEST(Links, ThatStandInATemplateAreCheckedWhenItIsCompiled) {
  EXPECT_THAT(RefusalOf(Config("See https://evil.example/x!")),
              StartsWith("config.templates[0].text: https://evil.example/x leads to no host of links.allowed_hosts"));
  EXPECT_THAT(RefusalOf(Config("See {{shop_url}}.evil.example/x")), HasSubstr("config.templates[0].text: "));
  EXPECT_THAT(RefusalOf(Config("See {{shop_url}}@evil.example/x")), HasSubstr("config.templates[0].text: "));
  for (const char* html :
       {R"(<a href="https://evil.example">x</a>)", R"(<a href="//evil.example">x</a>)",
        R"(<a href="https&colon;//evil.example">x</a>)", R"(<img src="https://evil.example/x.png">)",
        R"html(<p style="background:url(https://evil.example/x)">x</p>)html",
        R"html(<a href="javascript:x()">x</a>)html", R"(<!--[if mso]><a href="https://evil.example">x</a><![endif]-->)",
        "<p>Go to www.evil.example.</p>", R"(<a href=https://shop.example.com>x</a>)",
        R"(<A HREF="HTTPS:\\\\EVIL.example">x</A>)"}) {
    EXPECT_THAT(RefusalOf(Config("x", html)), StartsWith("config.templates[0].html: ")) << html;
  }
}

TEST(Links, NamesOfTheHtmlStandardAreNone) {
  EXPECT_EQ(RefusalOf(Config("x", R"(<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0" "http://www.w3.org/TR/x.dtd">)"
                                  R"(<html xmlns="http://www.w3.org/1999/xhtml"><p>x</p></html>)")),
            "");
}

TEST(Links, OfVariablesAreCheckedForEachCustomer) {
  EXPECT_THAT(TextOf("{{shop_url}}/new", With("shop_url", "https://evil.example")), StartsWith("LINK_NOT_ALLOWED: "));
  EXPECT_THAT(TextOf("{{shop_url}}/new", With("shop_url", "https://shop.example.com@evil.example")),
              StartsWith("LINK_NOT_ALLOWED: "));
  EXPECT_THAT(TextOf("https://{{host}}/new", With("host", "evil.example")), StartsWith("LINK_NOT_ALLOWED: "));
  EXPECT_THAT(TextOf("https://shop.example.com{{path}}", With("path", ".evil.example")),
              StartsWith("LINK_NOT_ALLOWED: "));
  EXPECT_THAT(TextOf("{{scheme}}//evil.example", With("scheme", "https:")), StartsWith("LINK_NOT_ALLOWED: "));
  EXPECT_THAT(HtmlOf(R"(<a href="{{u}}">x</a>)", With("u", "//evil.example")), StartsWith("LINK_NOT_ALLOWED: "));
  EXPECT_THAT(HtmlOf(R"(<a href="/{{u}}">x</a>)", With("u", "/evil.example")), StartsWith("LINK_NOT_ALLOWED: "));
  EXPECT_THAT(HtmlOf(R"(<a href="{{u}}">x</a>)", With("u", "javascript:x()")), StartsWith("LINK_NOT_ALLOWED: "));
  EXPECT_THAT(HtmlOf(R"(<a href="{{u}}">x</a>)", With("u", "HTTPS://Shop.Example.Com./x")), HasSubstr("<a href="));
}

TEST(Links, WhatACustomerCallsThemselvesLeadsNowhere) {
  EXPECT_THAT(TextOf("Hi {{n}},", With("n", "Ann https://evil.example")), StartsWith("LINK_NOT_ALLOWED: "));
  EXPECT_THAT(TextOf("Hi {{n}},", With("n", "www.evil.example")), StartsWith("LINK_NOT_ALLOWED: "));
  EXPECT_THAT(HtmlOf("<p>Hi {{n}}</p>", With("n", "Ann https://evil.example")), StartsWith("LINK_NOT_ALLOWED: "));
  EXPECT_THAT(TextOf("{{shop_url}}/{{n}}", With("n", "a https://evil.example")), StartsWith("LINK_NOT_ALLOWED: "));
  EXPECT_EQ(TextOf("Hi {{n}},", With("n", "Ann/Bob: 5")), "Hi Ann/Bob: 5,");
}

TEST(Links, SectionsHideNone) {
  EXPECT_THAT(TextOf("{{#n}}https:{{/n}}{{n}}", With("n", "//evil.example/x")), StartsWith("LINK_NOT_ALLOWED: "));
  EXPECT_THAT(TextOf("{{#n}}{{n}}{{/n}}.evil.example", With("n", "https://shop.example.com")),
              StartsWith("LINK_NOT_ALLOWED: "));
  EXPECT_THAT(RefusalOf(Config("{{#a}}https://shop.example.com{{/a}}.evil.example")), "");
  EXPECT_THAT(TextOf("https://shop.example.com{{#n}}.evil.example{{/n}}", With("n", "x")),
              StartsWith("LINK_NOT_ALLOWED: "));
  EXPECT_THAT(HtmlOf(R"(<a href="{{#n}}https://evil{{/n}}{{^n}}https://shop{{/n}}.example.com">x</a>)", With("n", "x")),
              StartsWith("LINK_NOT_ALLOWED: "));
  EXPECT_THAT(HtmlOf(R"(<a href="{{#n}}https://evil{{/n}}{{^n}}https://shop{{/n}}.example.com">x</a>)"),
              HasSubstr("https://shop.example.com?"));
  EXPECT_THAT(RefusalOf(Config("x", R"({{#n}}<a href="{{/n}}https://shop.example.com">x</a>)")),
              HasSubstr("is an attribute that begins and ends in different sections"));
}

TEST(Links, TheAddressOfAPushMessageIsOne) {
  const auto link = [](const std::string& deep_link, const v1::GenerateItem& base = Item()) {
    v1::GenerateItem item = base;
    item.mutable_decision()->set_channel(v1::CHANNEL_PUSH);
    const auto result = Write(absl::StrCat(R"pb(
                                             links {
                                               allowed_hosts: "shop.example.com"
                                               tracking_parameters { name: "u" value: "v" }
                                             }
                                             templates { template_id: "bundle" channel: CHANNEL_PUSH text: "x")pb",
                                           "deep_link: '", deep_link, "' }"),
                              item);
    return result.has_error() ? result.error().reason() : result.message().deep_link();
  };
  EXPECT_EQ(link("nordlicht://offers/{{discount_percent}}"), "nordlicht://offers/20");
  EXPECT_EQ(link("https://shop.example.com/x"), "https://shop.example.com/x?u=v");
  EXPECT_EQ(link("{{l}}", With("l", "https://evil.example")), "LINK_NOT_ALLOWED");
  EXPECT_EQ(link("{{l}}", With("l", "nordlicht://x")), "nordlicht://x");
}

TEST(Links, WithoutAPolicyStayAsTheyAre) {
  const v1::Message message = Write(R"pb(templates {
                                           template_id: "bundle"
                                           channel: CHANNEL_EMAIL
                                           subject: "s"
                                           text: "https://anywhere.example {{first_name}}"
                                           html: "<a href=\"https://anywhere.example\">{{first_name}}</a>"
                                         })pb")
                                  .message();
  EXPECT_EQ(message.text(), "https://anywhere.example Ann");
  EXPECT_EQ(message.html(), "<a href=\"https://anywhere.example\">Ann</a>");
}

TEST(Links, AVariableInAnAttributeWithoutQuotesIsRefused) {
  EXPECT_THAT(RefusalOf(R"(templates { template_id: "t" channel: CHANNEL_EMAIL subject: "s" text: "x"
                                        html: "<p title={{first_name}}>x</p>" })"),
              StartsWith("config.templates[0].html: {{first_name}} is in an attribute without quotes"));
}

}  // namespace
}  // namespace campaign::generator
