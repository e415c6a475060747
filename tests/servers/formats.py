"""The three wire formats as their public API references state them: what a request may hold, how a reply and a fault
look. A request with an unknown field, a wrong type or a missing header is a fault in the provider's own shape.

Sources: OpenAI API reference, "Create chat completion" and "Structured outputs"; Anthropic API reference, "Create a
Message" and "Errors"; Gemini API reference, "models.generateContent", "GenerationConfig" and google.rpc.Status."""
import json

TEXT, WHOLE, NUMBER, FLAG, OBJECT, LIST, ANY = "string", "integer", "number", "boolean", "object", "array", "any"


class Refused(Exception):
    def __init__(self, status, message, code=None):
        super().__init__(message)
        self.status, self.message, self.code = status, message, code


def is_a(value, kind):
    if kind == ANY:
        return True
    if isinstance(value, bool):
        return kind == FLAG
    return {TEXT: isinstance(value, str), WHOLE: isinstance(value, int), NUMBER: isinstance(value, (int, float)),
            OBJECT: isinstance(value, dict), LIST: isinstance(value, list), FLAG: False}[kind]


def check(value, kinds, where, required=()):
    """value is an object whose members are of these kinds, and no others."""
    if not isinstance(value, dict):
        raise Refused(400, f"{where}: an object was expected")
    for name, member in value.items():
        if name not in kinds:
            raise Refused(400, f"{where}: Unknown field: {name}")
        if not is_a(member, kinds[name]):
            raise Refused(400, f"{where}.{name}: {kinds[name]} was expected")
    for name in required:
        if name not in value:
            raise Refused(400, f"{where}.{name}: Field required")


def within(value, low, high, where):
    if value is not None and not low <= value <= high:
        raise Refused(400, f"{where}: must be between {low} and {high}")


STRICT_KEYWORDS = {"type", "properties", "required", "additionalProperties", "items", "enum", "description", "title",
                   "minimum", "maximum", "minItems", "maxItems", "anyOf", "const", "pattern", "format", "$defs", "$ref",
                   "multipleOf", "exclusiveMinimum", "exclusiveMaximum"}
GEMINI_KEYWORDS = {"$id", "$defs", "$ref", "$anchor", "type", "format", "title", "description", "enum", "items",
                   "prefixItems", "minItems", "maxItems", "minimum", "maximum", "anyOf", "oneOf", "properties",
                   "additionalProperties", "required", "propertyOrdering"}


def walk_schema(schema, keywords, closed, where):
    if not isinstance(schema, dict):
        raise Refused(400, f"Invalid schema at {where}: an object was expected")
    for name in schema:
        if keywords and name not in keywords:
            raise Refused(400, f"Invalid schema at {where}: '{name}' is not permitted")
    properties = schema.get("properties", {})
    if closed and schema.get("type") == "object":
        if schema.get("additionalProperties") is not False:
            raise Refused(400, f"Invalid schema at {where}: 'additionalProperties' is required to be supplied and to be false")
        if set(schema.get("required", [])) != set(properties):
            raise Refused(400, f"Invalid schema at {where}: 'required' must list every key in properties")
    for name, child in properties.items():
        walk_schema(child, keywords, closed, f"{where}.{name}")
    if "items" in schema:
        walk_schema(schema["items"], keywords, closed, where + "[]")


class OpenAI:
    path = "/v1/chat/completions"
    key_header, key_form = "Authorization", "Bearer {}"
    idempotent = True
    fields = {"model": TEXT, "messages": LIST, "max_tokens": WHOLE, "max_completion_tokens": WHOLE,
              "temperature": NUMBER, "top_p": NUMBER, "n": WHOLE, "seed": WHOLE, "stop": ANY, "stream": FLAG,
              "stream_options": OBJECT, "response_format": OBJECT, "tools": LIST, "tool_choice": ANY,
              "parallel_tool_calls": FLAG, "presence_penalty": NUMBER, "frequency_penalty": NUMBER,
              "logit_bias": OBJECT, "logprobs": FLAG, "top_logprobs": WHOLE, "user": TEXT, "store": FLAG,
              "metadata": OBJECT, "modalities": LIST, "audio": OBJECT, "prediction": OBJECT, "reasoning_effort": TEXT,
              "verbosity": TEXT, "service_tier": TEXT, "prompt_cache_key": TEXT, "safety_identifier": TEXT,
              "web_search_options": OBJECT}
    compatible = {"chat_template_kwargs": OBJECT, "top_k": WHOLE, "min_p": NUMBER, "repetition_penalty": NUMBER}

    def __init__(self, dialect):
        self.kinds = dict(self.fields, **(self.compatible if dialect == "compatible" else {}))

    def check(self, path, headers, body):
        if path != self.path:
            raise Refused(404, f"Invalid URL (POST {path})")
        check(body, self.kinds, "body", ("model", "messages"))
        if not body["messages"]:
            raise Refused(400, "body.messages: must not be empty")
        for i, m in enumerate(body["messages"]):
            check(m, {"role": TEXT, "content": TEXT, "name": TEXT}, f"messages[{i}]", ("role", "content"))
            if m["role"] not in ("system", "developer", "user", "assistant"):
                raise Refused(400, f"messages[{i}].role: Invalid value: '{m['role']}'")
        within(body.get("temperature"), 0, 2, "temperature")
        within(body.get("top_p"), 0, 1, "top_p")
        within(body.get("max_tokens", body.get("max_completion_tokens", 1)), 1, 1 << 20, "max_tokens")
        if "max_tokens" in body and "max_completion_tokens" in body:
            raise Refused(400, "max_tokens and max_completion_tokens cannot both be set")
        schema = self.format(body.get("response_format"))
        words = "\n".join(m["content"] for m in body["messages"])
        return body["model"], body["messages"][-1]["content"], words, schema

    def format(self, form):
        if form is None:
            return None
        kind = form.get("type")
        if kind == "json_object" and "schema" in form and "top_k" in self.kinds:  # llama.cpp's way, no word of OpenAI's
            check(form, {"type": TEXT, "schema": OBJECT}, "response_format")
            return form["schema"]
        if kind in ("text", "json_object"):
            check(form, {"type": TEXT}, "response_format")
            return {} if kind == "json_object" else None
        if kind != "json_schema":
            raise Refused(400, "response_format.type: Invalid value")
        check(form, {"type": TEXT, "json_schema": OBJECT}, "response_format", ("json_schema",))
        inner = form["json_schema"]
        check(inner, {"name": TEXT, "description": TEXT, "schema": OBJECT, "strict": FLAG},
              "response_format.json_schema", ("name",))
        if not inner["name"] or not all(c.isalnum() or c in "_-" for c in inner["name"]) or len(inner["name"]) > 64:
            raise Refused(400, "response_format.json_schema.name: does not match '^[a-zA-Z0-9_-]+$'")
        if inner.get("strict"):
            walk_schema(inner.get("schema"), STRICT_KEYWORDS, True, "response_format.json_schema")
        return inner.get("schema", {})

    def reply(self, model, text, finish, tokens):
        message = {"role": "assistant", "content": text, "refusal": None}
        reason = {"stop": "stop", "length": "length", "refused": "content_filter"}[finish]
        if finish == "refused":
            message = {"role": "assistant", "content": None, "refusal": "I cannot help with that."}
        return {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": model,
                "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": reason}],
                "usage": {"prompt_tokens": tokens[0], "completion_tokens": tokens[1],
                          "total_tokens": tokens[0] + tokens[1],
                          "prompt_tokens_details": {"cached_tokens": tokens[2], "audio_tokens": 0},
                          "completion_tokens_details": {"reasoning_tokens": 0}}}

    def fault(self, status, message, code=None):
        kinds = {401: ("invalid_request_error", "invalid_api_key"), 429: ("requests", "rate_limit_exceeded"),
                 404: ("invalid_request_error", "model_not_found"), 403: ("permission_error", None)}
        kind, usual = kinds.get(status, ("server_error" if status >= 500 else "invalid_request_error", None))
        return {"error": {"message": message, "type": kind, "param": None, "code": code or usual}}

    expired = (401, "Incorrect API key provided: {key}. You can find your API key in your account.", "invalid_api_key")


class Anthropic:
    path = "/v1/messages"
    key_header, key_form = "x-api-key", "{}"
    idempotent = False
    fields = {"model": TEXT, "messages": LIST, "max_tokens": WHOLE, "system": ANY, "temperature": NUMBER,
              "top_p": NUMBER, "top_k": WHOLE, "stop_sequences": LIST, "stream": FLAG, "metadata": OBJECT,
              "tools": LIST, "tool_choice": OBJECT, "thinking": OBJECT, "service_tier": TEXT}

    def __init__(self, dialect):
        pass

    def check(self, path, headers, body):
        if path != self.path:
            raise Refused(404, "Not Found")
        if headers.get("anthropic-version") != "2023-06-01":
            raise Refused(400, "anthropic-version: header is required")
        check(body, self.fields, "body", ("model", "messages", "max_tokens"))
        if not body["messages"]:
            raise Refused(400, "messages: at least one message is required")
        for i, m in enumerate(body["messages"]):
            check(m, {"role": TEXT, "content": TEXT}, f"messages.{i}", ("role", "content"))
            if m["role"] not in ("user", "assistant"):
                raise Refused(400, f'messages.{i}.role: Input should be "user" or "assistant"')
            if not m["content"].strip():
                raise Refused(400, f"messages.{i}: text content blocks must be non-empty")
        if not isinstance(body.get("system", ""), str):
            raise Refused(400, "system: Input should be a valid string")
        within(body["max_tokens"], 1, 1 << 20, "max_tokens")
        within(body.get("temperature"), 0, 1, "temperature")
        within(body.get("top_p"), 0, 1, "top_p")
        self.tool = None
        words = body.get("system", "") + "\n" + "\n".join(m["content"] for m in body["messages"])
        return body["model"], body["messages"][-1]["content"], words, self.tools(body)

    def tools(self, body):
        tools, choice = body.get("tools", []), body.get("tool_choice")
        for i, t in enumerate(tools):
            check(t, {"name": TEXT, "description": TEXT, "input_schema": OBJECT}, f"tools.{i}", ("name", "input_schema"))
            if t["input_schema"].get("type") != "object":
                raise Refused(400, f"tools.{i}.input_schema.type: Input should be 'object'")
        if choice is None:
            return None
        check(choice, {"type": TEXT, "name": TEXT, "disable_parallel_tool_use": FLAG}, "tool_choice", ("type",))
        named = [t for t in tools if t["name"] == choice.get("name")]
        if choice["type"] == "tool" and not named:
            raise Refused(400, "tool_choice.tool: Tool not found in provided tools")
        return dict(named[0]["input_schema"], **{"title": choice["name"]}) if named else None

    def reply(self, model, text, finish, tokens):
        content = [{"type": "text", "text": text}]
        reason = {"stop": "end_turn", "length": "max_tokens", "refused": "refusal"}[finish]
        if self.as_tool(text, finish):
            content = [{"type": "tool_use", "id": "toolu_1", "name": "reply", "input": json.loads(text)}]
            reason = "tool_use"
        return {"id": "msg_1", "type": "message", "role": "assistant", "model": model,
                "content": [] if finish == "refused" else content, "stop_reason": reason, "stop_sequence": None,
                "usage": {"input_tokens": tokens[0] - tokens[2], "output_tokens": tokens[1],
                          "cache_creation_input_tokens": 0, "cache_read_input_tokens": tokens[2]}}

    def as_tool(self, text, finish):
        try:
            return finish == "stop" and isinstance(json.loads(text), dict)
        except ValueError:
            return False

    def fault(self, status, message, code=None):
        kinds = {400: "invalid_request_error", 401: "authentication_error", 403: "permission_error",
                 404: "not_found_error", 413: "request_too_large", 429: "rate_limit_error", 529: "overloaded_error"}
        return {"type": "error", "request_id": "req_1",
                "error": {"type": code or kinds.get(status, "api_error"), "message": message}}

    expired = (401, "invalid x-api-key {key}", "authentication_error")


class Gemini:
    path = "/v1beta/models/{model}:generateContent"
    key_header, key_form = "x-goog-api-key", "{}"
    idempotent = False
    fields = {"contents": LIST, "systemInstruction": OBJECT, "generationConfig": OBJECT, "safetySettings": LIST,
              "tools": LIST, "toolConfig": OBJECT, "cachedContent": TEXT}
    config = {"maxOutputTokens": WHOLE, "temperature": NUMBER, "topP": NUMBER, "topK": WHOLE, "seed": WHOLE,
              "candidateCount": WHOLE, "stopSequences": LIST, "responseMimeType": TEXT, "responseSchema": OBJECT,
              "responseJsonSchema": OBJECT, "thinkingConfig": OBJECT, "presencePenalty": NUMBER,
              "frequencyPenalty": NUMBER}

    def __init__(self, dialect):
        pass

    def parts(self, content, where, roles):
        check(content, {"role": TEXT, "parts": LIST}, where, ("parts",))
        if content.get("role", roles[0]) not in roles:
            raise Refused(400, f"{where}: Please use a valid role: user, model.")
        for i, part in enumerate(content["parts"]):
            check(part, {"text": TEXT}, f"{where}.parts[{i}]", ("text",))
        return "".join(p["text"] for p in content["parts"])

    def check(self, path, headers, body):
        before, after = self.path.split("{model}")
        if not path.startswith(before) or not path.endswith(after):
            raise Refused(404, "Requested entity was not found.")
        model = path[len(before):-len(after)]
        check(body, self.fields, "Invalid JSON payload received", ("contents",))
        if not body["contents"]:
            raise Refused(400, "* GenerateContentRequest.contents: contents is not specified")
        words = [self.parts(c, f"contents[{i}]", ("user", "model")) for i, c in enumerate(body["contents"])]
        if "systemInstruction" in body:
            words.insert(0, self.parts(body["systemInstruction"], "systemInstruction", ("user", "system")))
        config = body.get("generationConfig", {})
        check(config, self.config, "generationConfig")
        within(config.get("temperature"), 0, 2, "temperature")
        within(config.get("topP"), 0, 1, "topP")
        within(config.get("seed"), -(1 << 31), (1 << 31) - 1, "seed")
        within(config.get("maxOutputTokens"), 1, 65536, "maxOutputTokens")
        check(config.get("thinkingConfig", {}), {"thinkingBudget": WHOLE, "includeThoughts": FLAG, "thinkingLevel": TEXT},
              "thinkingConfig")
        return model, words[-1], "\n".join(words), self.schema(config)

    def schema(self, config):
        schema = config.get("responseJsonSchema", config.get("responseSchema"))
        if schema is None:
            return {} if config.get("responseMimeType") == "application/json" else None
        if config.get("responseMimeType") != "application/json":
            raise Refused(400, "Function calling with a response mime type: 'text/plain' is unsupported")
        walk_schema(schema, GEMINI_KEYWORDS, False, "responseJsonSchema")
        return schema

    def reply(self, model, text, finish, tokens):
        reason = {"stop": "STOP", "length": "MAX_TOKENS", "refused": "SAFETY"}[finish]
        usage = {"promptTokenCount": tokens[0], "candidatesTokenCount": tokens[1] - 1, "thoughtsTokenCount": 1,
                 "cachedContentTokenCount": tokens[2], "totalTokenCount": tokens[0] + tokens[1]}
        if finish == "refused":
            return {"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": usage, "modelVersion": model}
        parts = [{"text": "Thinking about it.", "thought": True}, {"text": text}]
        return {"candidates": [{"content": {"role": "model", "parts": parts}, "finishReason": reason, "index": 0}],
                "usageMetadata": usage, "modelVersion": model, "responseId": "r1"}

    def fault(self, status, message, code=None):
        kinds = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND",
                 429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 503: "UNAVAILABLE"}
        error = {"code": status, "message": message, "status": kinds.get(status, "UNKNOWN")}
        if code:
            error["details"] = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": code,
                                 "domain": "googleapis.com"}]
        return {"error": error}

    expired = (400, "API key expired. Please renew the API key.", "API_KEY_INVALID")


FORMATS = {"openai": OpenAI, "anthropic": Anthropic, "gemini": Gemini}
