"""What a person would name: build, price, assess, check, law. Wires the edges to the rooms; holds no rule.

May import everything below: kernel, standard, law, engine, rooms, packs, tables.
"""
