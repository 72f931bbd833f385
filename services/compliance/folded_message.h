#pragma once

#include <string>

#include "campaign/v1/generator.pb.h"
#include "services/compliance/folded_text.h"

namespace campaign::compliance {

// The texts of one message, each folded when it is first asked for and then kept: several checks read the same ones.
// Made to be used for one message after another. Not thread-safe.
class FoldedMessage {
 public:
  // Starts with another message, which must outlive the calls below.
  void Reset(const v1::Message& message) {
    message_ = &message;
    for (Part* part : {&text_, &subject_, &title_, &preheader_, &plain_text_, &html_, &html_with_tags_}) {
      part->done = false;
    }
  }

  const std::string& Text() { return Fold(message_->text(), Markup::kPlain, text_); }
  const std::string& Subject() { return Fold(message_->subject(), Markup::kPlain, subject_); }
  const std::string& Title() { return Fold(message_->title(), Markup::kPlain, title_); }
  const std::string& Preheader() { return Fold(message_->preheader(), Markup::kPlain, preheader_); }
  const std::string& PlainText() { return Fold(message_->plain_text(), Markup::kPlain, plain_text_); }
  // As it is read.
  const std::string& Html() { return Fold(message_->html(), Markup::kVisible, html_); }
  const std::string& HtmlWithTags() { return Fold(message_->html(), Markup::kWithTags, html_with_tags_); }

 private:
  struct Part {
    std::string folded;
    bool done = false;
  };

  static const std::string& Fold(const std::string& text, Markup markup, Part& part) {
    if (!part.done) FoldText(text, markup, part.folded);
    part.done = true;
    return part.folded;
  }

  const v1::Message* message_ = &v1::Message::default_instance();
  Part text_;
  Part subject_;
  Part title_;
  Part preheader_;
  Part plain_text_;
  Part html_;
  Part html_with_tags_;
};

}  // namespace campaign::compliance
