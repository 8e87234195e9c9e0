"""The part of Kubernetes' batch/v1 Job that examples/ needs, written down.

As in the API reference of 1.31 (JobSpec, PodTemplateSpec, Container, Volume);
a field that is not here is a fault, so that a slip of the pen is one, too.
faults(document) is a list of words, empty where it is fine.
"""

import re

DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
ENV_NAME = re.compile(r"[-._a-zA-Z][-._a-zA-Z0-9]*")


def one_of(*values):
    return lambda value: value in values


def matching(pattern):
    return lambda value: isinstance(value, str) and pattern.fullmatch(value)


def whole(least, most=2**31 - 1):
    return lambda value: type(value) is int and least <= value <= most


def text(value):
    return isinstance(value, str) and value != ""


def anything(value):
    return isinstance(value, str)


def yes_or_no(value):
    return isinstance(value, bool)


def path(value):
    return text(value) and value.startswith("/") and ":" not in value


def ordered_codes(value):
    return (isinstance(value, list) and 0 < len(value) <= 255 and
            all(type(v) is int for v in value) and
            value == sorted(set(value)))


class Object(dict):
    """Fields by name; those in `required` must be there."""

    def __init__(self, required, **fields):
        super().__init__(fields)
        self.required = required.split()


class ListOf:
    def __init__(self, item):
        self.item = item


METADATA = Object("name", name=matching(DNS_LABEL), namespace=text)
CONTAINER = Object(
    "name image", name=matching(DNS_LABEL), image=text, command=ListOf(text),
    args=ListOf(text),
    env=ListOf(Object("name", name=matching(ENV_NAME), value=anything)),
    volumeMounts=ListOf(Object("name mountPath", name=matching(DNS_LABEL),
                               mountPath=path, readOnly=yes_or_no)))
VOLUME = Object(
    "name", name=matching(DNS_LABEL),
    configMap=Object("", name=text, defaultMode=whole(0, 0o777)),
    secret=Object("", secretName=text, defaultMode=whole(0, 0o777)),
    persistentVolumeClaim=Object("claimName", claimName=text,
                                 readOnly=yes_or_no))
POD = Object(
    "containers", restartPolicy=one_of("Never", "OnFailure"),
    terminationGracePeriodSeconds=whole(0), containers=ListOf(CONTAINER),
    volumes=ListOf(VOLUME))
RULE = Object(
    "action", action=one_of("FailJob", "FailIndex", "Ignore", "Count"),
    onExitCodes=Object("operator values", containerName=matching(DNS_LABEL),
                       operator=one_of("In", "NotIn"), values=ordered_codes))
JOB = Object(
    "apiVersion kind metadata spec", apiVersion=one_of("batch/v1"),
    kind=one_of("Job"), metadata=METADATA,
    spec=Object("template", completionMode=one_of("NonIndexed", "Indexed"),
                completions=whole(0), parallelism=whole(0),
                backoffLimit=whole(0), ttlSecondsAfterFinished=whole(0),
                podFailurePolicy=Object("rules", rules=ListOf(RULE)),
                template=Object("spec", metadata=Object("", name=text),
                                spec=POD)))


def faults_of(value, schema, at):
    if isinstance(schema, ListOf):
        if not isinstance(value, list):
            return [f"{at}: no list"]
        return [fault for i, item in enumerate(value)
                for fault in faults_of(item, schema.item, f"{at}[{i}]")]
    if isinstance(schema, Object):
        if not isinstance(value, dict):
            return [f"{at}: no object"]
        found = [f"{at}.{name}: missing" for name in schema.required
                 if name not in value]
        for name, inner in value.items():
            found += faults_of(inner, schema[name], f"{at}.{name}") \
                if name in schema else [f"{at}.{name}: unknown"]
        return found
    return [] if schema(value) else [f"{at}: {value!r}"]


def relations(job):
    """What one field asks of another."""
    spec = job["spec"]
    pod = spec["template"]["spec"]
    names = [one["name"] for one in pod["containers"]]
    if spec.get("completionMode") == "Indexed" and "completions" not in spec:
        yield "Indexed needs completions"
    if "podFailurePolicy" in spec and pod.get("restartPolicy") != "Never":
        yield "podFailurePolicy needs restartPolicy: Never"
    for rule in spec.get("podFailurePolicy", {}).get("rules", []):
        codes = rule.get("onExitCodes", {})
        if codes.get("operator") == "In" and 0 in codes["values"]:
            yield "In cannot name 0"
        if codes.get("containerName", names[0]) not in names:
            yield "containerName names no container"
    volumes = {one["name"] for one in pod.get("volumes", [])}
    for one in pod["containers"]:
        for mount in one.get("volumeMounts", []):
            if mount["name"] not in volumes:
                yield f"no volume {mount['name']}"
    for one in pod.get("volumes", []):
        if len(one) != 2:
            yield f"volume {one['name']} has not one source"


def faults(job):
    return faults_of(job, JOB, "Job") or list(relations(job))
