from netbox.plugins import PluginConfig as Base, PluginTemplateExtension


class Config(Base):
    name = "ported"
    queues = ["foo"]


class Button(PluginTemplateExtension):
    pass
