from other import Base


class Nightly(Base):
    pass
