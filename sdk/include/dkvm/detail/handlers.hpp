#pragma once

#include <dkvm/event_info.hpp>
#include <dkvm/payload.hpp>
#include <dkvm/topics.hpp>

#include <functional>
#include <unordered_map>
#include <utility>

namespace dkvm::detail {

// Handlers by topic, each with a value that it unpacks into over and over.
// Shape: frames whose payload verify_event() has seen
class Handlers {
 public:
  template <class Message, class Handle>
  void set(Handle handle) {
    by_topic_[id_of(topic_of<Message>)] = unpacking<Message>(std::move(handle));
  }
  // The same for a topic of one's own.
  void set_custom(TopicId topic, std::function<void(const Custom&, const EventInfo&)> handle) {
    by_topic_[topic] = unpacking<Custom>(std::move(handle));
  }
  void set_any(std::function<void(const EventInfo&)> handle) { any_ = std::move(handle); }

  void handle(const EventInfo& info) {
    if (const auto found = by_topic_.find(info.frame.header.topic()); found != by_topic_.end())
      found->second(info);
    else if (any_)
      any_(info);
  }

 private:
  template <class Message, class Handle>
  static std::function<void(const EventInfo&)> unpacking(Handle handle) {
    return [handle = std::move(handle), value = Message{}](const EventInfo& info) mutable {
      value = Message{};  // unpacking leaves alone what the payload lacks
      view_table<typename Message::TableType>(info.frame.payload).UnPackTo(&value);
      handle(std::as_const(value), info);
    };
  }

  std::unordered_map<TopicId, std::function<void(const EventInfo&)>> by_topic_;
  std::function<void(const EventInfo&)> any_;
};

}  // namespace dkvm::detail
