"""How families of models write tool calls into their text: `read_file` of a.py, more where a row says so."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

READ: dict[str, Any] = {"name": "read_file", "arguments": {"path": "a.py"}}
EDIT: dict[str, Any] = {"name": "edit_file", "arguments": {"path": "a.py", "old": "a - b", "new": "a + b"}}
J, E = json.dumps(READ), json.dumps(EDIT)
BREAK = "\n"

# What each is: the calls of it are those of READ where nothing else is said in ALSO.
FAMILIES: Mapping[str, str] = {
    "Hermes and Qwen 2.5": f"<tool_call>\n{J}\n</tool_call>",
    "Hermes, twice": f"<tool_call>\n{J}\n</tool_call>\n<tool_call>\n{E}\n</tool_call><|im_end|>",
    "Hermes, never closed": f"I read it first.\n<tool_call>\n{J}\n",
    "tools tag": f"<tools>\n{J}\n</tools>",
    "function_call tag": f"<function_call> {J} </function_call>",
    "Qwen 3 Coder": "<tool_call>\n<function=edit_file>\n<parameter=path>\na.py\n</parameter>\n<parameter=old>\na - b\n"
    "</parameter>\n<parameter=new>\na + b\n</parameter>\n</function>\n</tool_call>",
    "Qwen 3 Coder, never opened": "<function=read_file>\n<parameter=path>\na.py\n</parameter>\n</function>\n</tool_call>",
    "Llama 3.1": '<function=read_file>{"path": "a.py"}</function>',
    "python_tag": '<|python_tag|>{"name": "read_file", "parameters": {"path": "a.py"}}<|eom_id|>',
    "python_tag, a Python call": '<|python_tag|>read_file.call(path="a.py")<|eom_id|>',
    "python_tag, by ;": f"<|python_tag|>{J}; {E}<|eot_id|>",
    "Llama 4, Python": '[read_file(path="a.py"), edit_file(path="a.py", old="a - b", new="a + b")]',
    "JSON": J,
    "JSON, one a line": f"{J}\n{E}",
    "JSON, a list": f"[{J}, {E}]",
    "JSON in a fence": f"```json\n{J}\n```",
    "JSON in a fence after a word": f"To fix it, I read the file first.\n\n```json\n{J}\n```",
    "JSON in a bare fence": f"```\n{J}\n```",
    "JSON in an open fence": f"```json\n{J}",
    "JSON in two fences": f"```json\n{J}\n```\n\n```json\n{E}\n```",
    "OpenAI's own": json.dumps({"tool_calls": [{"id": "x", "type": "function", "function": READ}]}),
    "JSON in Python's notation": str(READ),
    "JSON by the tool's name": '{"read_file": {"path": "a.py"}}',
    "JSON, flat": '{"tool": "read_file", "path": "a.py"}',
    "JSON twice over, functions.": json.dumps(
        {"name": "functions.read_file", "arguments": json.dumps({"path": "a.py"})}
    ),
    "Mistral": f"[TOOL_CALLS][{J}]</s>",
    "Mistral, newer": '[TOOL_CALLS]read_file[ARGS]{"path": "a.py"}',
    "Mistral, with ids": '[TOOL_CALLS]read_file[CALL_ID]abc123def[ARGS]{"path": "a.py"}',
    "DeepSeek V3": '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>read_file\n```json\n{"path": "a.py"}\n```'
    "<｜tool▁call▁end｜><｜tool▁calls▁end｜><｜end▁of▁sentence｜>",
    "DeepSeek V3.1": '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>read_file<｜tool▁sep｜>{"path": "a.py"}<｜tool▁call▁end｜>'
    "<｜tool▁calls▁end｜>",
    "gpt-oss": '<|channel|>commentary to=functions.read_file <|constrain|>json<|message|>{"path":"a.py"}<|call|>',
    "gpt-oss, with a thought": "<|channel|>analysis<|message|>I look.<|end|><|start|>assistant<|channel|>commentary "
    'to=functions.read_file <|constrain|>json<|message|>{"path":"a.py"}<|call|>',
    "Kimi K2": "<|tool_calls_section_begin|><|tool_call_begin|>functions.read_file:0<|tool_call_argument_begin|>"
    '{"path": "a.py"}<|tool_call_end|><|tool_calls_section_end|>',
    "GLM": "<tool_call>read_file\n<arg_key>path</arg_key>\n<arg_value>a.py</arg_value>\n</tool_call>",
    "invoke": '<function_calls>\n<invoke name="read_file">\n<parameter name="path">a.py</parameter>\n</invoke>\n'
    "</function_calls>",
    "MiniMax": '<minimax:tool_call>\n<invoke name="read_file">\n<parameter name="path">a.py</parameter>\n</invoke>\n'
    "</minimax:tool_call>",
    "Gemma, tool_code": '```tool_code\nprint(default_api.read_file(path="a.py"))\n```',
    "Gemma, Python": '```python\nread_file(path="a.py")\n```',
    "FunctionGemma": "<start_function_call>call:read_file{path:<escape>a.py<escape>}<end_function_call>",
    "Phi 4": f"<|tool_call|>[{J}]<|/tool_call|>",
    "Granite": f"<|tool_call|>[{J}]",
    "Nemotron": f"<TOOLCALL>[{J}]</TOOLCALL>",
    "Cline": "<read_file>\n<path>a.py</path>\n</read_file>",
    "ReAct": 'Thought: I look.\nAction: read_file\nAction Input: {"path": "a.py"}',
    "a thought before it": f"<think>\nI look.\n</think>\n\n<tool_call>\n{J}\n</tool_call>",
}
ALSO: Mapping[str, list[dict[str, Any]]] = {
    "Hermes, twice": [READ, EDIT],
    "python_tag, by ;": [READ, EDIT],
    "Llama 4, Python": [READ, EDIT],
    "JSON, one a line": [READ, EDIT],
    "JSON, a list": [READ, EDIT],
    "JSON in two fences": [READ, EDIT],
    "Qwen 3 Coder": [EDIT],
}

# Looks like a call, and is none that can be carried out.
UNREADABLE: Mapping[str, str] = {
    "cut in its JSON": '<tool_call>\n{"name": "edit_file", "arguments": {"path": "a.py", "old": "x',
    "broken JSON in a fence": '```json\n{"name": "edit_file", "arguments": {"path": "a.py", "old": x + 1, "new": }}\n```',
    "cut JSON": '{"name": "edit_file", "arguments": {"path": "a.py", "old": "x',
    "an empty tag's parameter": "<tool_call>\n<function=read_file>\n<parameter=path>\na.py\n",
    "no such tool": '```json\n{"name": "str_replace", "arguments": {"path": "a.py"}}\n```',
    "no such tool, in a tag": '<tool_call>{"name": "str_replace", "arguments": {}}</tool_call>',
    "arguments that do not fit": '{"name": "edit_file", "arguments": {"path": "a.py"}}',
    "prose behind it": f"```json\n{E}\n```\nThis corrects the spelling mistake.",
    "prose behind a tag": f"<tool_call>\n{E}\n</tool_call>\nI have corrected the file.",
    "prose between": f"First:\n```json\n{J}\n```\nThen:\n```json\n{E}\n```",
    "a nameless token": "<|python_tag|>the file is right",
    "Mistral, cut": '[TOOL_CALLS]read_file[ARGS]{"path": ',
}

# Words, in which a call may stand as an example.
WORDS: Mapping[str, str] = {
    "a plain answer": "I fixed the bug in `a.py`.",
    "code": "Use it so:\n\n```python\nadd(1, b=2)\nprint(add(1, 2))\n```\n",
    "a manifest": '```json\n{"name": "my-package", "version": "1.0"}\n```',
    "a list in JSON": '["a.py", "b.py"]',
    "inline code": "Its template writes `<tool_call>` and `[TOOL_CALLS]` before each call.",
    "an example": f"Here is an example of a call:\n\n```json\n{E}\n```\n",
    "an example within a page": f"{'It explains a lot. ' * 40}\n\n```json\n{J}\n```\n{'And more. ' * 30}",
    "a schema": 'The tool is declared so.\n```json\n{"name": "lookup", "parameters": {"type": "object"}}\n```\nIt is used once.',
    "a tag of HTML": "<p>It is done.</p>",
    "nothing": "",
}
